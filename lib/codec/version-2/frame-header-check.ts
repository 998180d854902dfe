import type { Damage } from '../../errors/damage-error.js';
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
import { type FrameHeader, headerCrc } from './frame-header.js';

/** What is wrong with the bytes that a frame begins with, as many as have come; or null. */
export function magicFault(bytes: Buffer): Damage | null {
  if (bytes.length >= MAGIC_BYTES.length && bytes.readInt32LE(MAGIC_OFFSET) === MAGIC) return null;
  if (MAGIC_BYTES.every((byte, i) => i >= bytes.length || bytes[i] === byte)) return null;
  const isGzip = bytes[0] === 0x1f && bytes[1] === 0x8b;
  const hint = isGzip ? ' (gzip: decompress it first)' : '';
  const expected = `magic ${hex(MAGIC)}, 84788669`;
  const found = bytes.toString('hex', 0, MAGIC_BYTES.length) + hint;
  return { reason: 'bad-magic', what: 'frame', offset: 0, expected, found };
}

/** Whether the checksum of a header holds, so that its lengths may be believed. */
export function isHeaderWhole(bytes: Buffer): boolean {
  return headerCrc(bytes) === bytes.readUInt32LE(HEADER_CRC_OFFSET);
}

/** What is wrong with a header whose checksum does not hold. */
export function headerCrcFault(bytes: Buffer): Damage {
  const version = bytes.readInt16LE(VERSION_OFFSET);
  // A version that nobody wrote is more likely than not the damage itself: say so.
  if (version !== VERSION_2) return versionFault(version);
  const found = hex(bytes.readUInt32LE(HEADER_CRC_OFFSET));
  return fault('bad-checksum', `checksum ${hex(headerCrc(bytes))}`, found);
}

/** Why a reader must not open the frame of a header whose checksum holds, or null. */
export function headerFault(header: FrameHeader, maxBodyBytes: number): Damage | null {
  const mayBeSkipped = header.kind >= FIRST_SKIPPABLE_KIND;
  const unknown = mayBeSkipped ? null : unknownFault(header);
  if (unknown !== null || header.storedBytes <= maxBodyBytes) return unknown;
  return fault('too-large', `at most ${maxBodyBytes} bytes`, `a body of ${header.storedBytes}`);
}

export function versionFault(version: number): Damage {
  const expected = `version ${VERSION_1} or ${VERSION_2}`;
  const place = { what: 'frame', offset: VERSION_OFFSET };
  return { reason: 'unknown-version', ...place, expected, found: String(version) };
}

export function hex(value: number): string {
  return `0x${(value >>> 0).toString(16).padStart(8, '0')}`;
}

function unknownFault(header: FrameHeader): Damage | null {
  if (header.version !== VERSION_2) return versionFault(header.version);
  if (header.kind !== KIND_RECORDS && header.kind !== KIND_INDEX) {
    return fault('unknown-kind', 'kind 1 or 2', `kind ${header.kind}`);
  }
  if (header.codec !== CODEC_STORED) {
    return fault('unknown-codec', 'codec 0', `codec ${header.codec}`);
  }
  if ((header.flags & CRITICAL_FLAGS) !== 0) {
    return fault('unknown-flags', 'no flag above bit 15', hex(header.flags));
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
  return null;
}

function fault(reason: Damage['reason'], expected: string, found: string): Damage {
  return { reason, what: 'header', offset: 0, expected, found };
}
