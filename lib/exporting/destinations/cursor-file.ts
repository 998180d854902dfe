import { randomBytes } from 'node:crypto';
import { basename, dirname, join } from 'node:path';

import { type FileLayer, nodeFileLayer } from '../../files/file-layer.js';
import { replaceFile } from '../../files/replace-file.js';
import { isMissing } from '../../files/system-error.js';
import { toTemporaryName } from '../../files/temporary-name.js';

/** A cursor takes 22 characters per writer; more than this is no cursor. */
const MOST_BYTES = 64 * 2 ** 20;

/**
 * Reads the position that a replay, or `shoebox cat --cursor-file`, has left in a file, for the
 * option `after` of a reader.
 *
 * @returns undefined if there is no such file yet
 * @throws Node's error if the file cannot be read; `NotAFileError` for anything but a file
 */
export async function readCursorFile(
  path: string,
  files: FileLayer = nodeFileLayer,
): Promise<string | undefined> {
  try {
    const file = await files.open(path, 'rl');
    try {
      const { size } = await file.stat();
      const bytes = Buffer.alloc(Math.min(size, MOST_BYTES));
      const { bytesRead } = await file.read(bytes, 0, bytes.length, 0);
      return bytes.toString('utf8', 0, bytesRead).trim();
    } finally {
      await file.close();
    }
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/**
 * Replaces a file by one that holds a cursor and a line feed, so that a crash leaves the old cursor
 * or the new one.
 *
 * @throws Node's error if the file cannot be written; the old one is then still there
 */
export async function writeCursorFile(
  path: string,
  cursor: string,
  files: FileLayer = nodeFileLayer,
): Promise<void> {
  const uploadId = randomBytes(8).toString('hex');
  const temporary = join(dirname(path), toTemporaryName({ name: basename(path), uploadId }));
  await replaceFile(files, path, temporary, Buffer.from(`${cursor}\n`));
}
