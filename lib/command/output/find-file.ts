import type { Stats } from 'node:fs';
import { stat } from 'node:fs/promises';

import { systemCodeOf } from '../options/system-code.js';

/** The status of a file; undefined if there is none. */
export async function findFile(path: string): Promise<Stats | undefined> {
  try {
    return await stat(path);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(systemCodeOf(error) ?? '')) return undefined;
    throw error;
  }
}
