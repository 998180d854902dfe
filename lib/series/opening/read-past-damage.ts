import { type InputEnd, WHOLE_INPUT } from '../../codec/frames/input-end.js';
import { beginsAsJson } from '../../codec/json-lines/begins-as-json.js';
import { DamageError } from '../../errors/damage-error.js';
import type { ByteRange } from '../../files/byte-range.js';
import { PREAMBLE_BYTES, VERSION_OFFSET } from '../../format/preamble.js';
import { VERSION_1 } from '../../format/version-1.js';
import { inputEndOf } from '../../streams/compression/input-end-of.js';
import type { ArchiveSource } from './archive-source.js';
import { LaterMembers } from './later-members.js';
import { readUncompressed } from './read-uncompressed.js';

/** Where the uncompressed bytes of an archive end, or continue after lost ones. */
export interface InputBreak extends InputEnd {
  /** Why; undefined if the archive is whole. */
  readonly error: DamageError | undefined;
}

/** Each costs a download of its own. An archive with more damaged members is read up to the next. */
const MOST_BREAKS = 1000;

/**
 * Yields the uncompressed bytes of an archive, and a break as the last item. With damage to be
 * skipped, yields a break for each damaged member of a compressed file, and continues with the next
 * one that the index names and that begins with a frame or a line.
 *
 * Records of version 1 and lines have no checksum. So it gives of a compressed file of them only
 * members whose checksum is good, and what a torn one holds. An archive that begins with version 2
 * is given up to the damage: its blocks have checksums.
 *
 * @throws the errors of the source; never `DamageError`
 */
export async function* readPastDamage(
  source: ArchiveSource,
  whenDamaged: 'error' | 'skip',
  start = 0,
): AsyncGenerator<Buffer | InputBreak> {
  const later = new LaterMembers(source);
  const isUnchecked = createCheck();
  let range: ByteRange | undefined = start === 0 ? undefined : { start };
  for (let breaks = 0; ; breaks++) {
    const progress = { memberStart: 0 };
    try {
      yield* readUncompressed(source, range, progress, isUnchecked);
      yield { ...WHOLE_INPUT, error: undefined };
      return;
    } catch (error) {
      if (!(error instanceof DamageError)) throw error;
      const end = inputEndOf(error);
      const isSkipped = whenDamaged === 'skip' && !end.isWhole && breaks < MOST_BREAKS;
      const damaged = (range?.start ?? 0) + progress.memberStart;
      const next = isSkipped ? await later.find(damaged) : null;
      if (next === null) {
        yield { ...end, error };
        return;
      }
      yield { ...end, error, resumesAt: next.rawOffset };
      range = { start: next.offset };
    }
  }
}

/** Whether an archive has no checksums, by its first bytes. */
function createCheck(): (first: Buffer) => boolean {
  let isUnchecked: boolean | undefined;
  return (first) => {
    isUnchecked ??= hasNoChecksums(first);
    return isUnchecked ?? true;
  };
}

/** Undefined if there are too few bytes. */
function hasNoChecksums(first: Buffer): boolean | undefined {
  if (beginsAsJson(first[0])) return true;
  if (first.length < PREAMBLE_BYTES) return undefined;
  return first.readInt16LE(VERSION_OFFSET) === VERSION_1;
}
