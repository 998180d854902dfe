import type { FileLayer, OpenFile } from '../../files/file-layer.js';
import { writeAll } from '../../files/write-all.js';

const COPY_BYTES = 2 ** 20;

/**
 * Copies a file to a name that is free, and syncs it. When the promise rejects, nothing is left
 * there.
 *
 * @throws Node's `EEXIST` when the name is taken
 */
export async function copyFile(files: FileLayer, from: string, to: string): Promise<void> {
  const target = await files.open(to, 'wx');
  try {
    await fill(files, target, from);
  } catch (error) {
    // Whether or not it can be removed, the first failure is the one to tell.
    await files.unlink(to).catch(() => undefined);
    throw error;
  }
}

async function fill(files: FileLayer, target: OpenFile, from: string): Promise<void> {
  try {
    const source = await files.open(from, 'r');
    try {
      await copyBytes(source, target);
    } finally {
      await source.close();
    }
    await target.sync();
  } finally {
    await target.close();
  }
}

async function copyBytes(source: OpenFile, target: OpenFile): Promise<void> {
  const bytes = new Uint8Array(COPY_BYTES);
  let position = 0;
  for (;;) {
    const { bytesRead } = await source.read(bytes, 0, bytes.length, position);
    if (bytesRead === 0) return;
    await writeAll(target, bytes.subarray(0, bytesRead), position);
    position += bytesRead;
  }
}
