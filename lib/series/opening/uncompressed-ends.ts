import { FORMAT_BYTES, memberFormatOf } from '../../codec/compression/member-formats.js';
import type { MemberFormat } from '../../codec/compression/members/member-format.js';
import { DamageError } from '../../errors/damage-error.js';
import type { ByteRange } from '../../files/byte-range.js';
import type { ArchiveSource } from './archive-source.js';
import type { ArchiveEnds } from './archive-tail.js';
import { readMemberIndex } from './read-member-index.js';
import { readUncompressed } from './read-uncompressed.js';

/**
 * How much of the end of a compressed archive is kept: the largest index (2.6 MB), or the indexes of many
 * small archives that were concatenated.
 */
const KEPT_BYTES = 4 * 2 ** 20;

/**
 * The end of an archive, uncompressed. Decompresses the last members of a file of ours, and all of
 * another program's.
 *
 * @returns null if the file is damaged
 */
export async function uncompressedEnds(source: ArchiveSource): Promise<ArchiveEnds | null> {
  const format = memberFormatOf(await source.read({ start: 0, end: FORMAT_BYTES }));
  if (format === null) return source;
  const whole = { rawOffset: 0, start: 0 };
  const { rawOffset, ...range } = (await lastMembers(format, source)) ?? whole;
  const chunks: Buffer[] = [];
  let size = rawOffset;
  let kept = 0;
  try {
    for await (const chunk of readUncompressed(source, range.start === 0 ? undefined : range)) {
      chunks.push(chunk);
      size += chunk.length;
      kept += chunk.length;
      while (kept - (chunks[0]?.length ?? 0) >= KEPT_BYTES) kept -= chunks.shift()?.length ?? 0;
    }
  } catch (error) {
    // The reader of the archive reports the damage.
    if (error instanceof DamageError) return null;
    throw error;
  }
  return new KeptEnd(Buffer.concat(chunks), size);
}

/** Where the members begin that hold the last `KEPT_BYTES`; null if no index says so. */
async function lastMembers(format: MemberFormat, source: ArchiveSource) {
  const index = await readMemberIndex(format, source);
  if (index === null) return null;
  const { end, members, totals } = index;
  const last = members.findLast(
    ({ beginsWhole, rawOffset }) => beginsWhole && totals.rawBytes - rawOffset >= KEPT_BYTES,
  );
  const first = last ?? members[0];
  return first === undefined ? null : { rawOffset: first.rawOffset, start: first.offset, end };
}

/** The last bytes of an archive of `size` bytes. */
class KeptEnd implements ArchiveEnds {
  readonly #bytes: Buffer;
  readonly #size: number;

  constructor(bytes: Buffer, size: number) {
    this.#bytes = bytes;
    this.#size = size;
  }

  async size(): Promise<number> {
    return this.#size;
  }

  /** Returns no bytes of a range that begins before those kept. */
  async read({ start, end }: Required<ByteRange>): Promise<Buffer> {
    const begin = this.#size - this.#bytes.length;
    if (start < begin) return Buffer.alloc(0);
    return this.#bytes.subarray(start - begin, end - begin);
  }
}
