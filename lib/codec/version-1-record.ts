import { type Damage, DamageError } from '../errors/damage-error.js';
import {
  V1_COUNT_PER_PAIR,
  V1_END_OFFSET,
  V1_HEADER_BYTES,
  V1_INT_BYTES,
  V1_METADATA_BYTES_OFFSET,
  V1_PAYLOAD_BLOCK_BYTES_OFFSET,
} from '../format/version-1.js';
import {
  ArchiveRecord,
  type Metadata,
  type MetadataLayout,
  type RawPair,
  type RecordOrigin,
} from './archive-record.js';
import type { BlockPlace } from './open-block.js';

/** The two lengths in a version-1 header. */
export interface Version1Lengths {
  readonly metadataBytes: number;
  readonly payloadBlockBytes: number;
}

/**
 * Reads the header of a version-1 frame. It has no checksum: lengths are believed if they are possible.
 *
 * @throws DamageError
 */
export function readVersion1Header(header: Buffer, place: BlockPlace): Version1Lengths {
  const metadataBytes = header.readInt32LE(V1_METADATA_BYTES_OFFSET);
  const payloadBlockBytes = header.readInt32LE(V1_PAYLOAD_BLOCK_BYTES_OFFSET);
  const end = header.readInt32LE(V1_END_OFFSET);
  if (end !== 0) fail(place, V1_END_OFFSET, 'bad-header', '0 at the end of the header', `${end}`);
  checkLength(place, V1_METADATA_BYTES_OFFSET, metadataBytes);
  checkLength(place, V1_PAYLOAD_BLOCK_BYTES_OFFSET, payloadBlockBytes);
  const bytes = metadataBytes + payloadBlockBytes;
  if (bytes > place.maxRecordBytes) {
    const limit = `at most ${place.maxRecordBytes} bytes`;
    fail(place, V1_METADATA_BYTES_OFFSET, 'too-large', limit, `a record of ${bytes}`);
  }
  return { metadataBytes, payloadBlockBytes };
}

/**
 * Opens a whole version-1 frame.
 *
 * @throws DamageError
 */
export function openVersion1Frame(
  frame: Buffer,
  lengths: Version1Lengths,
  place: BlockPlace,
): ArchiveRecord {
  const metadataStart = V1_HEADER_BYTES;
  const metadataEnd = metadataStart + lengths.metadataBytes;
  checkMetadata(frame, metadataStart, metadataEnd, place);
  const payloadBytes = frame.readInt32LE(metadataEnd);
  const room = lengths.payloadBlockBytes - V1_INT_BYTES;
  if (payloadBytes !== room) {
    fail(place, metadataEnd, 'bad-length', `a payload of ${room} bytes`, `${payloadBytes}`);
  }
  const payloadStart = metadataEnd + V1_INT_BYTES;
  const origin: RecordOrigin = { archive: place.archive, writer: undefined, layout };
  const span = { metadataStart, metadataEnd, payloadStart, payloadEnd: frame.length };
  return new ArchiveRecord(origin, frame, span);
}

/** Metadata as version 1 has it: count, all lengths, all keys and values. Checked when opened. */
const layout: MetadataLayout = {
  decode(bytes, start) {
    const metadata: Record<string, string> = Object.create(null);
    for (const [key, value] of pairsOf(bytes, start)) {
      metadata[key.toString('utf8')] = value.toString('utf8');
    }
    return metadata satisfies Metadata;
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

function checkMetadata(frame: Buffer, start: number, end: number, place: BlockPlace): void {
  const count = frame.readInt32LE(start);
  const lengthsEnd = start + V1_INT_BYTES * (1 + (2 * count) / V1_COUNT_PER_PAIR);
  if (count < 0 || count % V1_COUNT_PER_PAIR !== 0 || lengthsEnd > end) {
    const expected = `4 times the pairs that ${end - start} bytes of metadata hold`;
    fail(place, start, 'bad-length', expected, `${count}`);
  }
  let left = end - lengthsEnd;
  for (let at = start + V1_INT_BYTES; at < lengthsEnd; at += V1_INT_BYTES) {
    const bytes = frame.readInt32LE(at);
    if (bytes < 0 || bytes > left) {
      fail(place, at, 'bad-length', `a key or value within ${left} bytes`, `${bytes}`);
    }
    left -= bytes;
  }
  if (left !== 0) {
    fail(place, end - left, 'bad-length', 'the end of the metadata', `${left} more bytes`);
  }
}

function checkLength(place: BlockPlace, at: number, bytes: number): void {
  if (bytes >= V1_INT_BYTES) return;
  fail(place, at, 'bad-length', `a length of at least ${V1_INT_BYTES}`, `${bytes}`);
}

function fail(
  place: BlockPlace,
  at: number,
  reason: Damage['reason'],
  expected: string,
  found: string,
): never {
  const offset = place.offset + at;
  throw new DamageError({ reason, what: 'record', offset, expected, found }, place.archive);
}
