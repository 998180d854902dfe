import type { Fail } from '../../codec/compression/members/section.js';
import { SuffixCheck } from '../../codec/compression/members/suffix-check.js';
import { type Damage, DamageError } from '../../errors/damage-error.js';
import { decompressAhead } from './decompress-ahead.js';
import type { MemberReader } from './member-reader.js';
import { PulledBytes } from './pulled-bytes.js';

/**
 * How to hold back data that have no checksums of their own, until that of their member was
 * compared. Otherwise damage could change a line to another valid line.
 */
export interface HoldingBack {
  /**
   * Whether the archive has no checksums of its own. Called first with its first bytes, and remembers
   * what they say.
   */
  isUnchecked(first: Buffer): boolean;
  /** Gives the input from an offset on once more: larger members are read twice. */
  reopen(offset: number): AsyncIterable<Buffer>;
}

/** A larger member is read twice instead of being held in memory. */
const MOST_HELD_BYTES = 2 * 2 ** 20;

/** How far a decompression has come. `decompress` keeps it up to date. */
export interface DecompressProgress {
  /** Where the member begins that is not decompressed ahead: bytes from the start of the input. */
  memberStart: number;
}

/**
 * Decompresses any number of members. Yields all bytes that can be decompressed before it throws.
 * Decompresses small members on several threads; a `whole` file of ours must end with its index and
 * its end (docs/format-gzip.md, docs/format-zstd.md).
 *
 * Node's own streams are not used for three reasons. That of gzip takes zero bytes for the end of
 * the file, even if members follow, as after a lost disk sector. That of zstd ends after the first
 * frame, silently. And both drop good data that shares a chunk with damage.
 *
 * @param archive the name for error messages
 * @param holding holds damaged members back; without it, they are given up to the damage
 * @throws DamageError with an offset in decompressed bytes; errors of `compressed`; ArchiveError
 *   `ERR_NO_ZSTD` where Node cannot decompress zstd
 */
export async function* decompress(
  reader: MemberReader,
  compressed: AsyncIterable<Buffer>,
  archive?: string,
  extent: 'whole' | 'part' = 'whole',
  progress: DecompressProgress = { memberStart: 0 },
  holding?: HoldingBack,
): AsyncGenerator<Buffer> {
  reader.checkSupport?.(archive);
  const { format } = reader;
  const reason = `bad-${format.name}` as const;
  const input = new PulledBytes(compressed);
  let offset = 0;
  const failAs = (why: Damage['reason'], expected: string, found: string, cause?: unknown) => {
    const damage = { reason: why, what: format.name, offset, expected, found };
    return new DamageError(damage, archive, cause === undefined ? undefined : { cause });
  };
  const fail: Fail = (expected, found) => {
    throw failAs(reason, expected, found);
  };
  const failTorn = () => {
    throw failAs('torn', `a whole ${format.memberName}`, 'the end of the input');
  };
  const suffix = new SuffixCheck(format, archive);
  let hasMembers = false;
  try {
    for await (const raw of decompressAhead(input, reader)) {
      if (!hasMembers) holding?.isUnchecked(raw);
      hasMembers = true;
      suffix.addData('data', raw.length);
      offset += raw.length;
      yield raw;
    }
    while (!hasMembers || (await reader.hasMember(input))) {
      hasMembers = true;
      progress.memberStart = input.queue.offset;
      const pieces = reader.readMember(input, { suffix, fail, failTorn });
      const readAgain = async (opening: HoldingBack) => {
        const again = new PulledBytes(opening.reopen(progress.memberStart));
        const context = { suffix: new SuffixCheck(format, archive), fail, failTorn };
        try {
          for await (const _ of reader.readMember(again, context));
        } finally {
          await again.close();
        }
      };
      for await (const piece of holding === undefined
        ? pieces
        : heldBack(pieces, holding, readAgain)) {
        offset += piece.length;
        yield piece;
      }
    }
    progress.memberStart = input.queue.offset;
    const padding = await reader.takePadding(input, fail);
    if (extent === 'part') return;
    if (suffix.lacksEnd) fail(format.endName, 'the end of the input');
    const damage = suffix.damageAt(padding, input.queue.offset);
    if (damage !== undefined) throw damage;
  } catch (error) {
    if (!reader.isBadData(error)) throw error;
    throw failAs(reason, `${format.name} data`, error.message, error);
  } finally {
    await input.close();
  }
}

/**
 * Holds the data of a member back until its end, or until reading it once more has shown that it is
 * good. A torn member is given as far as it goes: nothing contradicts it.
 *
 * @throws DamageError for a damaged member, before any of its data is given
 */
async function* heldBack(
  pieces: AsyncIterable<Buffer>,
  holding: HoldingBack,
  readAgain: (holding: HoldingBack) => Promise<void>,
): AsyncGenerator<Buffer> {
  const held: Buffer[] = [];
  let bytes = 0;
  let isGood = false;
  let torn: unknown;
  try {
    for await (const piece of pieces) {
      isGood ||= !holding.isUnchecked(piece);
      held.push(piece);
      bytes += piece.length;
      if (!isGood && bytes > MOST_HELD_BYTES) {
        isGood = await isWholeOrTorn(readAgain(holding));
      }
      if (isGood) yield* held.splice(0);
    }
  } catch (error) {
    if (!(error instanceof DamageError) || error.reason !== 'torn') throw error;
    torn = error;
  }
  yield* held;
  if (torn !== undefined) throw torn;
}

/** True if the member is whole, or torn: its data are read up to there. */
async function isWholeOrTorn(reading: Promise<void>): Promise<true> {
  try {
    await reading;
  } catch (error) {
    if (!(error instanceof DamageError) || error.reason !== 'torn') throw error;
  }
  return true;
}
