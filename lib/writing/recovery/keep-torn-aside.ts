import { createHash } from 'node:crypto';

import type { ByteRange } from '../../files/byte-range.js';
import { copyRange } from '../../files/copy-range.js';
import type { FileLayer, OpenFile } from '../../files/file-layer.js';
import { unlinkIfThere } from '../../files/unlink-if-there.js';
import { TORN_INFIX } from '../../series/names/archive-state.js';
import { temporaryPath } from '../../series/names/temporary-path.js';
import type { DamageList } from '../../series/opening/damage-list.js';
import { takeNameForContent } from './take-name-for-content.js';

/** With more stretches, a directory would fill with files of a few bytes each. */
const MOST_FILES = 16;

/**
 * Copies the torn tail of an archive, and every other damaged stretch, to a file `NAME.torn-OFFSET`
 * each. Bytes that recovery cuts off are never deleted: a person may still read something in them.
 * If there are many stretches, the whole archive is copied to `NAME.torn-all`.
 *
 * @param base the archive's path without the suffix of its state
 * @param size how many bytes of the archive were read
 */
export async function keepTornAside(
  base: string,
  source: OpenFile,
  size: number,
  damage: DamageList,
  files: FileLayer,
): Promise<void> {
  const aside = { base, source, files };
  if (damage.stretches > MOST_FILES) {
    await keep(aside, 'all', { start: 0, end: size });
    return;
  }
  for (const { begin, end } of damage.named) {
    await keep(aside, String(begin), { start: begin, end });
  }
}

interface Aside {
  readonly base: string;
  readonly source: OpenFile;
  readonly files: FileLayer;
}

/** Writes a file that gets its name once it is complete. */
async function keep({ base, source, files }: Aside, name: string, range: ByteRange): Promise<void> {
  const temporary = temporaryPath(base);
  const target = await files.open(temporary, 'wx');
  try {
    const sha256 = await copy(source, target, range).finally(() => target.close());
    await takeNameForContent(temporary, `${base}${TORN_INFIX}${name}`, sha256, files);
  } finally {
    await unlinkIfThere(files, temporary);
  }
}

/** Copies and syncs a range. Returns its SHA-256 in hex. */
async function copy(source: OpenFile, target: OpenFile, range: ByteRange): Promise<string> {
  const hash = createHash('sha256');
  await copyRange(source, target, range, (chunk) => hash.update(chunk));
  await target.sync();
  return hash.digest('hex');
}
