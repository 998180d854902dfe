import { readGzipEnd } from '../../codec/gzip/gzip-end.js';
import { isGzip } from '../../codec/gzip/gzip-header.js';
import { decodeMemberIndex } from '../../codec/gzip/member-index.js';
import { DamageError } from '../../errors/damage-error.js';
import type { ByteRange } from '../../files/byte-range.js';
import { END_MEMBER_BYTES } from '../../format/seekable-gzip.js';
import type { ArchiveSource } from './archive-source.js';
import type { ArchiveEnds } from './archive-tail.js';
import { readUncompressed } from './read-uncompressed.js';

/**
 * How much of the end of a gzip archive is kept: the largest index (2.6 MB), or the indexes of many
 * small archives that were concatenated.
 */
const KEPT_BYTES = 4 * 2 ** 20;

/**
 * The end of an archive, uncompressed. Inflates the last members of our seekable gzip, and all of
 * another program's.
 *
 * @returns null if the gzip is damaged
 */
export async function uncompressedEnds(source: ArchiveSource): Promise<ArchiveEnds | null> {
  if (!isGzip(await source.read({ start: 0, end: 2 }))) return source;
  const { rawOffset, ...range } = (await lastMembers(source)) ?? { rawOffset: 0, start: 0 };
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
async function lastMembers(source: ArchiveSource) {
  const fileBytes = await source.size();
  const read = (bytes: number) =>
    source.read({ start: Math.max(fileBytes - bytes, 0), end: fileBytes });
  const end = readGzipEnd({ head: Buffer.alloc(0), tail: await read(END_MEMBER_BYTES), fileBytes });
  if (end.kind !== 'seekable') return null;
  const { suffixBytes, totals } = end;
  try {
    const members = decodeMemberIndex({ suffix: await read(suffixBytes), totals, fileBytes });
    if (members[0]?.offset !== 0) return null;
    const last = members.findLast(
      ({ beginsWhole, rawOffset }) => beginsWhole && totals.rawBytes - rawOffset >= KEPT_BYTES,
    );
    const { offset, rawOffset } = last ?? members[0];
    return { rawOffset, start: offset, end: fileBytes - suffixBytes };
  } catch (error) {
    if (error instanceof DamageError) return null;
    throw error;
  }
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
