import { basename } from 'node:path';

import type { FileLayer } from './file-layer.js';
import { findFile } from './find-file.js';

/** Why a file with such a name cannot be read. */
export const NAME_IS_NOT_UTF8 = 'is not UTF-8';

/** What Node puts in place of bytes that are not UTF-8. */
const REPLACEMENT = '\ufffd';

/**
 * Whether a listed name is not UTF-8 on the disk: Node gives another name for it, which leads to no
 * file.
 */
export async function isUnreadableName(path: string, files: FileLayer): Promise<boolean> {
  return basename(path).includes(REPLACEMENT) && (await findFile(path, files)) === null;
}
