import type { FileLayer, OpenFile } from '../../files/file-layer.js';
import { readRange } from '../../files/read-range.js';
import { writeAll } from '../../files/write-all.js';

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
  let position = 0;
  for await (const chunk of readRange(source, 0, Number.MAX_SAFE_INTEGER)) {
    await writeAll(target, chunk, position);
    position += chunk.length;
  }
}
