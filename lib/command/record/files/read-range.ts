import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';

import { systemCodeOf } from '../../options/system-code.js';

/**
 * The bytes of a file from `start` up to `end`; fewer if it ends before. The memory belongs to the
 * caller.
 */
export async function readRange(handle: FileHandle, start: number, end: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafeSlow(Math.max(0, end - start));
  let length = 0;
  while (length < bytes.length) {
    const left = bytes.length - length;
    const { bytesRead } = await handle.read(bytes, length, left, start + length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return bytes.subarray(0, length);
}

/** How many bytes before a position say whether a file is still the one that was read. */
export const TAIL_BYTES = 1024;

/** Up to 1 KiB before an offset. */
export async function readTail(handle: FileHandle, offset: number): Promise<Buffer> {
  return await readRange(handle, Math.max(0, offset - TAIL_BYTES), offset);
}

/** A file that is open for reading. */
export interface OpenedFile {
  readonly handle: FileHandle;
  readonly inode: bigint;
  /** Bytes at the time. */
  readonly size: number;
  /** When it was created, in ns since the epoch, as far as the file system knows. */
  readonly bornNs: bigint;
}

/**
 * Opens a regular file, and waits for nothing: a pipe without a writer would hold an `open`.
 *
 * @returns undefined if there is no such file; `other` for a directory, a pipe or a device
 */
export async function openFile(path: string): Promise<OpenedFile | 'other' | undefined> {
  let handle: FileHandle;
  try {
    handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    const code = systemCodeOf(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    // A socket cannot be opened.
    if (code === 'ENXIO' || code === 'ENODEV') return 'other';
    throw error;
  }
  try {
    const status = await handle.stat({ bigint: true });
    if (status.isFile()) {
      const { birthtimeNs: bornNs, ino: inode, size } = status;
      return { handle, inode, bornNs, size: Number(size) };
    }
  } catch (error) {
    await handle.close();
    throw error;
  }
  await handle.close();
  return 'other';
}
