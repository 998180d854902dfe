import type { Damage } from '../../../errors/damage-error.js';
import type { FileTotals } from './end-section.js';
import type { MemberEntry, MemberFacts } from './member-entry.js';
import type { MemberFail } from './section.js';

/** The compressions that archives may have. */
export type CompressionName = 'gzip' | 'zstd';

/**
 * How a compression stores an archive: as *members* that can be decompressed alone (members of
 * gzip, frames of zstd), followed by their index and by an end that says where the index is. All
 * other programs decompress such a file to the archive, and read past index and end.
 */
export interface MemberFormat {
  readonly name: CompressionName;
  /** What follows an archive's name. */
  readonly suffix: string;
  /** The media type of a file. */
  readonly contentType: string;
  /** The size of the end. */
  readonly endBytes: number;
  /** How errors name one of its members, its own file, and the end of that. */
  readonly memberName: string;
  readonly endName: string;

  /** Whether a file begins with a member of any program, by its first 4 bytes. */
  isMember(head: Buffer): boolean;

  /**
   * How many of the first bytes of the file `readHead` needs, as far as `head` shows. A longer head
   * may show that it needs more.
   */
  headBytes(head: Buffer, count: number): number;

  /**
   * Decompresses the first `count` bytes of an archive, synchronously; fewer if `head` is too short
   * or damaged.
   *
   * @param head the first bytes of the file. All that they decompress to is in memory for a moment.
   */
  readHead(head: Buffer, count: number): Buffer;

  /** Whether a file begins with a member of ours, by its first 64 bytes. */
  isOurs(head: Buffer): boolean;

  /**
   * Makes a member from compressed data.
   *
   * @param compressed what the compressor of this format gives, in pieces of any size
   * @returns the member, in pieces that may be views of those
   */
  encodeMember(facts: MemberFacts, compressed: readonly Buffer[]): readonly Buffer[];

  /** The index, at least one piece, in order. */
  encodeIndex(entries: readonly MemberEntry[]): Iterable<Buffer>;

  /** The end, which follows the index. */
  encodeEnd(totals: FileTotals): Buffer;

  /**
   * Reads the end.
   *
   * @param end the last `endBytes` of the file
   * @param bytesBefore the bytes of the file before them
   * @returns null if it is not one of ours
   */
  readEnd(end: Buffer, bytesBefore: number, fail: MemberFail): FileTotals | null;

  /**
   * Reads the entries of the index one by one.
   *
   * @param index all of it; the end must not follow
   */
  readIndex(index: Buffer, fail: MemberFail): Iterable<MemberEntry>;
}

/** The damaged thing in errors about what follows the members: the index and the end. */
export function indexName(format: MemberFormat): string {
  return `${format.name} index`;
}

/** Damage in the index or the end, at an offset in the compressed file. */
export function indexDamage(
  format: MemberFormat,
  offset: number,
  expected: string,
  found: string,
): Damage {
  return { reason: `bad-${format.name}`, what: indexName(format), offset, expected, found };
}
