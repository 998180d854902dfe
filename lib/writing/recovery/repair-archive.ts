import { dirname } from 'node:path';

import type { SkippedDamage } from '../../codec/frames/skipped-damage.js';
import { parseMaxRecordBytes } from '../../codec/records/record-encoder.js';
import { ChunkPool } from '../../files/chunk-pool.js';
import { nodeFileLayer, type OpenFile } from '../../files/file-layer.js';
import { takeName, unlinkIfThere } from '../../files/take-name.js';
import type { VerifyOptions } from '../../reading/verifying/verify-archive.js';
import { DamageList } from '../../series/opening/damage-list.js';
import { FileSource } from '../../series/opening/file-source.js';
import { type ArchivePiece, walkArchive } from '../../series/opening/walk-archive.js';
import { ArchiveCopy, type CopyFacts } from './archive-copy.js';

/** How an archive is repaired: as it is verified. */
export type RepairOptions = VerifyOptions;

/** What became of an archive that was repaired. */
export interface RepairReport {
  /** The path of the original, which is as it was. */
  readonly archive: string;
  /** The path of the new archive. */
  readonly to: string;
  /** What the original had that the new archive has not: the first 1,000 stretches. */
  readonly damage: readonly SkippedDamage[];
  /** How many stretches there are. */
  readonly damagedStretches: number;
  /** Of the new archive. */
  readonly bytes: number;
  readonly records: number;
  /** Copied; its indexes are not counted. */
  readonly frames: number;
  /** Of all its bytes, in hex. */
  readonly sha256: string;
}

/** What the file is called until it is complete. */
const PART_SUFFIX = '.part';

/**
 * Copies all that is good in an archive, plain or gzip, to a new one, which is plain and lasts when
 * this settles. Each index is written anew for the blocks that are left before it; blocks at the
 * end that lost theirs get one, too: of the writer's first archive, of the next behind one in the
 * same file, or of one whose place is not known. Frames of an archive in which nothing is damaged
 * are copied to the byte, the index included.
 *
 * @param to the new file's path; it appears there whole, or not at all
 * @throws what the system calls throw: `EEXIST` where `to` is taken, or `to` with `.part`, which it
 *   is called until it is complete
 */
export async function repairArchive(
  path: string,
  to: string,
  options: RepairOptions = {},
): Promise<RepairReport> {
  const { files = nodeFileLayer } = options;
  const maxRecordBytes = parseMaxRecordBytes(options.maxRecordBytes);
  const partial = to + PART_SUFFIX;
  const source = await files.open(path, 'r');
  try {
    const damage = new DamageList();
    const pool = new ChunkPool();
    const walked = walkArchive(new FileSource(source, path, { pool }), {
      maxRecordBytes,
      onPassed: (chunk) => pool.keep(chunk),
      onDamage: (skipped) => damage.add(skipped),
    });
    const target = await files.open(partial, 'wx');
    try {
      const facts = await copyTo(target, walked).finally(() => target.close());
      await takeName(files, partial, to);
      await unlinkIfThere(files, partial);
      await files.syncDirectory(dirname(to));
      const { bytes, frames, records, sha256 } = facts;
      const { named, stretches } = damage;
      const copied = { bytes, records, frames, sha256 };
      return { archive: path, to, damage: named, damagedStretches: stretches, ...copied };
    } catch (error) {
      await unlinkIfThere(files, partial);
      throw error;
    }
  } finally {
    await source.close();
  }
}

async function copyTo(target: OpenFile, pieces: AsyncIterable<ArchivePiece>): Promise<CopyFacts> {
  const copy = new ArchiveCopy(target);
  try {
    for await (const piece of pieces) await copy.add(piece);
    return await copy.finish();
  } finally {
    copy.release();
  }
}
