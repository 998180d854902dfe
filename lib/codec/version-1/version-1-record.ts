import type { DamageReason } from '../../errors/damage-error.js';
import {
  V1_COUNT_PER_PAIR,
  V1_END_OFFSET,
  V1_HEADER_BYTES,
  V1_INT_BYTES,
  V1_METADATA_BYTES_OFFSET,
  V1_PAYLOAD_BLOCK_BYTES_OFFSET,
} from '../../format/version-1.js';
import {
  ArchiveRecord,
  createOrigin,
  type Metadata,
  type MetadataLayout,
  type RawPair,
} from '../records/archive-record.js';

/** The two lengths in a version-1 header. */
export interface Version1Lengths {
  readonly metadataBytes: number;
  readonly payloadBlockBytes: number;
}

/** A fault of a version-1 frame, `at` so many bytes from the frame's beginning. */
export interface Version1Fault {
  readonly reason: DamageReason;
  readonly at: number;
  readonly expected: string;
  readonly found: string;
}

/** Reads the lengths of a version-1 header without checking them; `version1HeaderFault` does. */
export function readVersion1Lengths(header: Buffer): Version1Lengths {
  return {
    metadataBytes: header.readInt32LE(V1_METADATA_BYTES_OFFSET),
    payloadBlockBytes: header.readInt32LE(V1_PAYLOAD_BLOCK_BYTES_OFFSET),
  };
}

/** The fault of a header, or null. It has no checksum, so possible lengths are trusted. */
export function version1HeaderFault(header: Buffer, maxRecordBytes: number): Version1Fault | null {
  const { metadataBytes, payloadBlockBytes } = readVersion1Lengths(header);
  const end = header.readInt32LE(V1_END_OFFSET);
  if (end !== 0) return fault('bad-header', V1_END_OFFSET, '0 at the end of the header', end);
  if (metadataBytes < V1_INT_BYTES) {
    return fault('bad-length', V1_METADATA_BYTES_OFFSET, LEAST_LENGTH, metadataBytes);
  }
  if (payloadBlockBytes < V1_INT_BYTES) {
    return fault('bad-length', V1_PAYLOAD_BLOCK_BYTES_OFFSET, LEAST_LENGTH, payloadBlockBytes);
  }
  const bytes = metadataBytes + payloadBlockBytes;
  if (bytes <= maxRecordBytes) return null;
  const limit = `at most ${maxRecordBytes} bytes`;
  return fault('too-large', V1_METADATA_BYTES_OFFSET, limit, `a record of ${bytes}`);
}

/**
 * The fault of a whole frame after its header, or null. It reads the integers through a function
 * because a search, if it had to join the bytes first, would copy them for every false candidate.
 *
 * @param readInt32 reads an int32 `at` bytes from the frame's beginning
 */
export function version1BodyFault(
  readInt32: (at: number) => number,
  lengths: Version1Lengths,
): Version1Fault | null {
  const start = V1_HEADER_BYTES;
  const end = start + lengths.metadataBytes;
  const count = readInt32(start);
  const lengthsEnd = start + V1_INT_BYTES * (1 + (2 * count) / V1_COUNT_PER_PAIR);
  if (count < 0 || count % V1_COUNT_PER_PAIR !== 0 || lengthsEnd > end) {
    const expected = `4 times the pairs that ${end - start} bytes of metadata hold`;
    return fault('bad-length', start, expected, count);
  }
  let left = end - lengthsEnd;
  for (let at = start + V1_INT_BYTES; at < lengthsEnd; at += V1_INT_BYTES) {
    const bytes = readInt32(at);
    if (bytes < 0 || bytes > left) {
      return fault('bad-length', at, `a key or value within ${left} bytes`, bytes);
    }
    left -= bytes;
  }
  if (left !== 0) {
    return fault('bad-length', end - left, 'the end of the metadata', `${left} more bytes`);
  }
  const payloadBytes = readInt32(end);
  const room = lengths.payloadBlockBytes - V1_INT_BYTES;
  if (payloadBytes === room) return null;
  return fault('bad-length', end, `a payload of ${room} bytes`, payloadBytes);
}

/** Opens a whole frame without faults. */
export function openVersion1Frame(
  frame: Buffer,
  lengths: Version1Lengths,
  archive: string | undefined,
  offset: number,
): ArchiveRecord {
  const metadataStart = V1_HEADER_BYTES;
  const metadataEnd = metadataStart + lengths.metadataBytes;
  const payloadStart = metadataEnd + V1_INT_BYTES;
  const origin = createOrigin(archive, undefined, layout, offset);
  const span = { metadataStart, metadataEnd, payloadStart, payloadEnd: frame.length };
  return new ArchiveRecord(origin, frame, span);
}

const LEAST_LENGTH = `a length of at least ${V1_INT_BYTES}`;

/**
 * The metadata of version 1: count, all lengths, all keys and values. The scanner has checked them.
 */
const layout: MetadataLayout = {
  decode(bytes, start) {
    const metadata: Record<string, string> = Object.create(null);
    for (const [key, value] of pairsOf(bytes, start)) {
      metadata[key.toString('utf8')] = value.toString('utf8');
    }
    return Object.freeze(metadata) satisfies Metadata;
  },
  pairs: (bytes, start) => [...pairsOf(bytes, start)] satisfies RawPair[],
};

function* pairsOf(bytes: Buffer, start: number): Generator<[Buffer, Buffer]> {
  const pairs = bytes.readInt32LE(start) / V1_COUNT_PER_PAIR;
  let lengthAt = start + V1_INT_BYTES;
  let at = lengthAt + 2 * pairs * V1_INT_BYTES;
  for (let i = 0; i < pairs; i++) {
    const keyEnd = at + bytes.readInt32LE(lengthAt);
    const valueEnd = keyEnd + bytes.readInt32LE(lengthAt + V1_INT_BYTES);
    yield [bytes.subarray(at, keyEnd), bytes.subarray(keyEnd, valueEnd)];
    lengthAt += 2 * V1_INT_BYTES;
    at = valueEnd;
  }
}

function fault(
  reason: DamageReason,
  at: number,
  expected: string,
  found: string | number,
): Version1Fault {
  return { reason, at, expected, found: String(found) };
}
