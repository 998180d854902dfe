import { createHash } from 'node:crypto';

import type { FileLayer, OpenFile } from '../../files/file-layer.js';
import { readRange } from '../../files/read-range.js';
import { unlinkIfThere } from '../../files/take-name.js';
import { writeAll } from '../../files/write-all.js';
import { TORN_INFIX } from '../../series/names/archive-state.js';
import { temporaryPath } from '../../series/names/temporary-path.js';
import type { DamageList } from '../../series/opening/damage-list.js';
import { giveName } from './give-name.js';

/** More than these would fill a directory with files of a few bytes. */
const MOST_FILES = 16;

/**
 * Keeps the stretches of an archive aside that are damaged, each as `NAME.torn-OFFSET`: bytes that are no
 * archive are not deleted, somebody may make something of them. Where there are many, the whole file is kept,
 * as `NAME.torn-all`.
 *
 * @param base the archive's path without the suffix of its state
 * @param size of the file, as far as it was read
 */
export async function keepTornAside(
  base: string,
  source: OpenFile,
  size: number,
  damage: DamageList,
  files: FileLayer,
): Promise<void> {
  if (damage.stretches > MOST_FILES) {
    await keep(base, 'all', readRange(source, 0, size), files);
    return;
  }
  for (const { begin, end } of damage.named) {
    await keep(base, String(begin), readRange(source, begin, end), files);
  }
}

/** Writes a file that gets its name once it is whole. */
async function keep(
  base: string,
  name: string,
  chunks: AsyncIterable<Buffer>,
  files: FileLayer,
): Promise<void> {
  const temporary = temporaryPath(base);
  const target = await files.open(temporary, 'wx');
  try {
    const sha256 = await fill(target, chunks).finally(() => target.close());
    await giveName(temporary, `${base}${TORN_INFIX}${name}`, sha256, files);
  } finally {
    await unlinkIfThere(files, temporary);
  }
}

/** @returns the SHA-256 of what was written, in hex */
async function fill(target: OpenFile, chunks: AsyncIterable<Buffer>): Promise<string> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of chunks) {
    await writeAll(target, chunk, bytes);
    hash.update(chunk);
    bytes += chunk.length;
  }
  await target.sync();
  return hash.digest('hex');
}
