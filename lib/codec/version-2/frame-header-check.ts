import type { DamageReason } from '../../errors/damage-error.js';
import { LARGEST_BLOCK_BYTES } from '../../format/limits.js';
import { MAGIC, MAGIC_BYTES, MAGIC_OFFSET, VERSION_OFFSET } from '../../format/preamble.js';
import { VERSION_1 } from '../../format/version-1.js';
import {
  CODEC_STORED,
  CRITICAL_FLAGS,
  FIRST_SKIPPABLE_KIND,
  HEADER_CRC_OFFSET,
  KIND_INDEX,
  KIND_RECORDS,
  VERSION_2,
} from '../../format/version-2.js';
import { hex32 } from '../bytes/hex32.js';
import { type FrameHeader, headerCrc } from './frame-header.js';

/** A fault of a frame, `at` so many bytes from the frame's beginning. */
export interface FrameFault {
  readonly reason: DamageReason;
  /** The damaged thing, for the message. */
  readonly what: string;
  readonly at: number;
  readonly expected: string;
  readonly found: string;
}

/** The fault in the first bytes of a frame, of which any number may have come; or null. */
export function magicFault(bytes: Buffer): FrameFault | null {
  if (bytes.length >= MAGIC_BYTES.length && bytes.readInt32LE(MAGIC_OFFSET) === MAGIC) return null;
  if (MAGIC_BYTES.every((byte, i) => i >= bytes.length || bytes[i] === byte)) return null;
  const compression = COMPRESSIONS.find(([, magic]) => magic.every((byte, i) => bytes[i] === byte));
  const hint = compression === undefined ? '' : ` (${compression[0]}: decompress it first)`;
  const expected = `magic ${hex32(MAGIC)}, 84788669`;
  const found = bytes.toString('hex', 0, MAGIC_BYTES.length) + hint;
  return { reason: 'bad-magic', what: 'frame', at: 0, expected, found };
}

/** How bytes of compressed archives begin, which users pass to a `Decoder` by mistake. */
const COMPRESSIONS: ReadonlyArray<readonly [name: string, magic: readonly number[]]> = [
  ['gzip', [0x1f, 0x8b]],
  ['zstd', [0x28, 0xb5]],
];

/** Whether the checksum of a header is good, so that its lengths can be trusted. */
export function isHeaderWhole(bytes: Buffer): boolean {
  return headerCrc(bytes) === bytes.readUInt32LE(HEADER_CRC_OFFSET);
}

/** The fault of a header whose checksum is wrong. */
export function headerCrcFault(bytes: Buffer): FrameFault {
  const version = bytes.readInt16LE(VERSION_OFFSET);
  // An unknown version is probably the damaged field, so report that.
  if (version !== VERSION_2) return versionFault(version);
  const found = hex32(bytes.readUInt32LE(HEADER_CRC_OFFSET));
  return fault('bad-checksum', `checksum ${hex32(headerCrc(bytes))}`, found);
}

/** The reason why a reader must not open the frame of a header with a good checksum; or null. */
export function headerFault(header: FrameHeader, maxBodyBytes: number): FrameFault | null {
  const mayBeSkipped = header.kind >= FIRST_SKIPPABLE_KIND;
  const unknown = mayBeSkipped ? null : unknownFault(header);
  const most = mostBodyBytes(header, maxBodyBytes);
  if (unknown !== null || header.storedBytes <= most) return unknown;
  return fault('too-large', `at most ${most} bytes`, `a body of ${header.storedBytes}`);
}

/** The longest body of a frame: no checksum shows whether that of a skippable kind is worth memory. */
export function mostBodyBytes({ kind }: FrameHeader, maxBodyBytes: number): number {
  return kind >= FIRST_SKIPPABLE_KIND ? LARGEST_BLOCK_BYTES : maxBodyBytes;
}

export function versionFault(version: number): FrameFault {
  const expected = `version ${VERSION_1} or ${VERSION_2}`;
  const found = String(version);
  return { reason: 'unknown-version', what: 'frame', at: VERSION_OFFSET, expected, found };
}

function unknownFault(header: FrameHeader): FrameFault | null {
  if (header.version !== VERSION_2) return versionFault(header.version);
  if (header.kind !== KIND_RECORDS && header.kind !== KIND_INDEX) {
    return fault('unknown-kind', 'kind 1 or 2', `kind ${header.kind}`);
  }
  if (header.codec !== CODEC_STORED) {
    return fault('unknown-codec', 'codec 0', `codec ${header.codec}`);
  }
  if ((header.flags & CRITICAL_FLAGS) !== 0) {
    return fault('unknown-flags', 'no flag above bit 15', hex32(header.flags));
  }
  if (header.bodyBytes !== header.storedBytes) {
    return fault('bad-header', `${header.bodyBytes} bytes stored`, `${header.storedBytes}`);
  }
  const last = header.sequence + Math.max(header.records - 1, 0);
  if (!Number.isSafeInteger(last) || !(header.earliestMicros <= header.latestMicros)) {
    const found = `${header.sequence}, ${header.earliestMicros} to ${header.latestMicros}`;
    return fault('bad-header', 'a sequence and times within 53 bits', found);
  }
  if (header.kind === KIND_RECORDS && header.records === 0) {
    return fault('bad-header', 'at least one record', '0');
  }
  if (header.kind === KIND_INDEX && header.records !== 0) {
    return fault('bad-header', 'no records in an index', `${header.records}`);
  }
  return null;
}

function fault(reason: DamageReason, expected: string, found: string): FrameFault {
  return { reason, what: 'header', at: 0, expected, found };
}
