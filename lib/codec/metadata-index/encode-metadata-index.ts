import { crc32 } from 'node:zlib';

import { ANY_VALUES, NO_VALUES } from '../../format/metadata-index.js';
import { HEADER_BYTES, KIND_METADATA_INDEX, MAX_VARINT_BYTES } from '../../format/version-2.js';
import { Slab } from '../bytes/slab.js';
import { writeVarint } from '../bytes/varint.js';
import { writeChecksums, writeHeaderFields } from '../version-2/frame-header.js';
import { addToFilter, filterBytes } from './bloom-filter.js';
import type { KeyValues, RunValues } from './key-values.js';

/** The content of a metadata index. */
export interface MetadataIndexContent {
  readonly writerId: Uint8Array;
  readonly nextSequence: number;
  readonly archiveBytes: number;
  readonly keys: readonly Buffer[];
  /** For each key its listed values. */
  readonly values: readonly KeyValues[];
  readonly runs: ReadonlyArray<{
    readonly offset: number;
    readonly values: readonly RunValues[];
  }>;
}

/** Listed values may take this share of the archive, or `LISTED_BYTES`; filters take less. */
const LISTED_SHARE = 1 / 256;
const LISTED_BYTES = 1024;

/** Encodes a metadata index as a whole frame (docs/format.md, "The metadata index"). */
export function encodeMetadataIndex(content: MetadataIndexContent): Buffer {
  const { keys, runs, values, writerId } = content;
  const frame = new FrameBytes();
  const sections = keys.map((_, i) => {
    const begin = frame.length;
    const key = values[i];
    const own = runs.map((run) => run.values[i] ?? 'any');
    if (key !== undefined) putSection(frame, key, own, content);
    const section = frame.filled().subarray(begin);
    return { bytes: section.length, crc: crc32(section) };
  });
  const directoryBegin = frame.length;
  frame.putVarint(runs.length);
  let last = 0;
  for (const { offset } of runs) {
    frame.putVarint(offset - last);
    last = offset;
  }
  frame.putVarint(keys.length);
  for (const [i, key] of keys.entries()) {
    frame.putPiece(key);
    frame.putVarint(sections[i]?.bytes ?? 0);
    frame.putUint32(sections[i]?.crc ?? 0);
  }
  const directory = frame.filled().subarray(directoryBegin);
  frame.putUint32(directory.length);
  frame.putUint32(crc32(directory));
  frame.putUint32(frame.length + 4);
  const bytes = frame.filled();
  const { nextSequence: sequence } = content;
  const times = { earliestMicros: 0, latestMicros: 0 };
  const facts = { kind: KIND_METADATA_INDEX, records: 0, sequence, writerId, ...times };
  writeHeaderFields(bytes, 0, bytes.length - HEADER_BYTES, facts);
  writeChecksums(bytes);
  return bytes;
}

function putSection(
  frame: FrameBytes,
  key: KeyValues,
  runs: readonly RunValues[],
  { archiveBytes }: MetadataIndexContent,
): void {
  const isListed = key.listedBytes <= Math.max(LISTED_BYTES, archiveBytes * LISTED_SHARE);
  const listed = isListed ? key.listed : [];
  frame.putVarint(listed.length);
  for (const value of listed) frame.putPiece(value);
  for (const values of runs) {
    if (values === 'none') frame.putVarint(NO_VALUES);
    else if (values === 'any') frame.putVarint(ANY_VALUES);
    else if (isListed && values instanceof Uint16Array) putList(frame, values);
    else putFilter(frame, key.hashesOf(values));
  }
}

/** An even head: twice the number of values. Then the distance of each to the one before. */
function putList(frame: FrameBytes, numbers: Uint16Array): void {
  frame.putVarint(2 * numbers.length);
  let last = 0;
  for (const number of numbers) {
    frame.putVarint(number - last);
    last = number;
  }
}

/** An odd head: twice the number of bytes, plus 1. */
function putFilter(frame: FrameBytes, hashes: Int32Array): void {
  const bytes = filterBytes(hashes.length / 2);
  frame.putVarint(2 * bytes + 1);
  const filter = frame.putZeros(bytes);
  for (let i = 0; i < hashes.length; i += 2) {
    addToFilter(filter, hashes[i] as number, hashes[i + 1] as number);
  }
}

/** The bytes of a frame, whose header is written last. */
class FrameBytes {
  readonly #slab = new Slab(4096);

  constructor() {
    this.#slab.length = HEADER_BYTES;
  }

  get length(): number {
    return this.#slab.length;
  }

  filled(): Buffer {
    return this.#slab.filled();
  }

  putVarint(value: number): void {
    this.#slab.reserve(MAX_VARINT_BYTES);
    this.#slab.length = writeVarint(this.#slab.bytes, this.#slab.length, value);
  }

  putUint32(value: number): void {
    this.#slab.reserve(4);
    this.#slab.length = this.#slab.bytes.writeUInt32LE(value, this.#slab.length);
  }

  /** Writes the length of `piece`, and its bytes. */
  putPiece(piece: Uint8Array): void {
    this.putVarint(piece.length);
    this.putZeros(piece.length).set(piece);
  }

  /** @returns the zeros, until more is put */
  putZeros(count: number): Buffer {
    this.#slab.reserve(count);
    const begin = this.#slab.length;
    this.#slab.length += count;
    return this.#slab.bytes.subarray(begin, this.#slab.length).fill(0);
  }
}
