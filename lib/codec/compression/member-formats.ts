import { gzipFormat } from './gzip/gzip-format.js';
import type { MemberFormat } from './members/member-format.js';
import { zstdFormat } from './zstd/zstd-format.js';

/** All compressions of archives. */
export const MEMBER_FORMATS: readonly MemberFormat[] = [gzipFormat, zstdFormat];

/** How many of its first bytes show how a file is compressed. */
export const FORMAT_BYTES = 4;

/** How a file is compressed, by its first `FORMAT_BYTES`; null if it is not. */
export function memberFormatOf(head: Buffer): MemberFormat | null {
  return MEMBER_FORMATS.find((format) => format.isMember(head)) ?? null;
}
