import { memberFormatOf } from '../../codec/compression/member-formats.js';
import type { CompressionName } from '../../codec/compression/members/member-format.js';
import { gzipReader } from './gzip-reader.js';
import type { MemberReader } from './member-reader.js';
import { zstdReader } from './zstd-reader.js';

/** How the members of each compression are read. */
export const MEMBER_READERS: Readonly<Record<CompressionName, MemberReader>> = {
  gzip: gzipReader,
  zstd: zstdReader,
};

/** How a compressed file is read, by its first 4 bytes; null if it is not compressed. */
export function memberReaderOf(head: Buffer): MemberReader | null {
  const format = memberFormatOf(head);
  return format === null ? null : MEMBER_READERS[format.name];
}
