import { dirname } from 'node:path';

import type { SkippedDamage } from '../../codec/frames/skipped-damage.js';
import { parseMaxRecordBytes } from '../../codec/records/record-encoder.js';
import { ChunkPool } from '../../files/chunk-pool.js';
import { nodeFileLayer, type OpenFile } from '../../files/file-layer.js';
import { syncDirectory } from '../../files/sync-directory.js';
import { takeName } from '../../files/take-name.js';
import { unlinkIfThere } from '../../files/unlink-if-there.js';
import { readOptions } from '../../format/option-names.js';
import { checkPath } from '../../format/option-values.js';
import { VERIFY_OPTION_NAMES, type VerifyOptions } from '../../reading/verifying/verify-archive.js';
import { abortableSource } from '../../series/opening/abortable-source.js';
import { DamageList } from '../../series/opening/damage-list.js';
import { FileSource } from '../../series/opening/file-source.js';
import { type ArchivePiece, walkArchive } from '../../series/opening/walk-archive.js';
import { ArchiveCopy, type CopyFacts } from './archive-copy.js';

/** Options of a repair, which are those of a verification. */
export type RepairOptions = VerifyOptions;

/** The result of a repair. */
export interface RepairReport {
  /** The path of the original, which is unchanged. */
  readonly archive: string;
  /** The path of the new archive. */
  readonly to: string;
  /** The first 1,000 damaged stretches of the original. The new archive does not have them. */
  readonly damage: readonly SkippedDamage[];
  /** The number of all damaged stretches. */
  readonly damagedStretches: number;
  /** The size of the new archive. */
  readonly bytes: number;
  readonly records: number;
  /** How many frames were copied, without indexes. */
  readonly frames: number;
  /** SHA-256 of the new archive, in hex. */
  readonly sha256: string;
}

/** Follows the new archive's name until the file is complete. */
const PART_SUFFIX = '.part';

/**
 * Copies all valid frames of an archive, plain or compressed, to a new archive, which is plain and synced
 * when this settles. An index that is there
 * is written again for the blocks that remain before it. Blocks at the end that lost their index
 * get one too: its ordinal is 0 if they begin with the writer's first record, the next one if they
 * follow an archive of the writer in the same file, and unknown otherwise. If nothing is damaged,
 * the frames are copied byte for byte, indexes included.
 *
 * @param to path of the new archive; it appears there complete or not at all
 * @throws Node's error of the call that failed: `EEXIST` if `to` exists, or if `to` with `.part`
 *   does, the name of the new archive until it is complete; the signal's reason
 */
export async function repairArchive(
  path: string,
  to: string,
  given?: RepairOptions,
): Promise<RepairReport> {
  const options = readOptions(given, VERIFY_OPTION_NAMES);
  const { files = nodeFileLayer, signal } = options;
  checkPath('path', path);
  checkPath('to', to);
  const maxRecordBytes = parseMaxRecordBytes(options.maxRecordBytes);
  const partial = to + PART_SUFFIX;
  const source = await files.open(path, 'rl');
  try {
    const damage = new DamageList();
    const pool = new ChunkPool();
    const original = abortableSource(new FileSource(source, path, { pool }), signal);
    const walked = walkArchive(original, {
      maxRecordBytes,
      onPassed: (chunk) => pool.keep(chunk),
      onDamage: (skipped) => damage.add(skipped),
    });
    const target = await files.open(partial, 'wx');
    try {
      const facts = await copyTo(target, walked).finally(() => target.close());
      await takeName(files, partial, to);
      await unlinkIfThere(files, partial);
      await syncDirectory(files, dirname(to));
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
