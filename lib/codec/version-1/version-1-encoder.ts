import { MAGIC, MAGIC_OFFSET, VERSION_OFFSET } from '../../format/preamble.js';
import {
  V1_COUNT_PER_PAIR,
  V1_END_OFFSET,
  V1_HEADER_BYTES,
  V1_INT_BYTES,
  V1_METADATA_BYTES_OFFSET,
  V1_PAYLOAD_BLOCK_BYTES_OFFSET,
  VERSION_1,
} from '../../format/version-1.js';
import { Slab } from '../bytes/slab.js';
import { mostBytes, NOT_WELL_FORMED, type Piece, putPiece } from '../bytes/text.js';
import { type FlatMetadata, fieldOf, flattenMetadata } from '../records/metadata-input.js';
import { checkRecordBytes, type RecordEncoder } from '../records/record-encoder.js';
import {
  loneSurrogate,
  metadataOf,
  payloadOf,
  type RecordInput,
  timeMicrosOf,
} from '../records/record-input.js';

export interface Version1EncoderOptions {
  readonly maxRecordBytes: number;
  readonly slabBytes: number;
}

/** Writes version 1 (docs/format.md, "Version 1"), byte for byte as the original program did. */
export class Version1Encoder implements RecordEncoder {
  readonly isBlockOpen = false;
  readonly nextSequence = 0;
  readonly #options: Version1EncoderOptions;
  readonly #flat: FlatMetadata = [];
  readonly #slab: Slab;

  constructor(options: Version1EncoderOptions) {
    this.#options = options;
    this.#slab = new Slab(options.slabBytes);
  }

  get pendingBytes(): number {
    return this.#slab.length;
  }

  add(record: RecordInput, nowMicros: number): number {
    const payload = payloadOf(record);
    const timeMicros = timeMicrosOf(record, nowMicros);
    flattenMetadata(metadataOf(record), this.#flat);
    const start = this.#slab.length;
    try {
      this.#encode(payload);
    } catch (error) {
      this.#slab.length = start;
      throw error;
    }
    return timeMicros;
  }

  finishBlock(): void {
    // Each record is a frame, so there is nothing to finish.
  }

  take(): Buffer {
    return this.#slab.take();
  }

  moveTo(slab: Slab): void {
    slab.append(this.#slab.filled());
    this.#slab.clear();
  }

  clear(): void {
    this.#slab.clear();
  }

  #encode(payload: Piece): void {
    const slab = this.#slab;
    const flat = this.#flat;
    const lengthsBytes = V1_INT_BYTES * (1 + flat.length);
    let least = lengthsBytes + V1_INT_BYTES + payload.length;
    for (const piece of flat) least += piece.length;
    checkRecordBytes(least, this.#options.maxRecordBytes);
    let most = V1_HEADER_BYTES + lengthsBytes + V1_INT_BYTES + mostBytes(payload);
    for (const piece of flat) most += mostBytes(piece);
    slab.reserve(most);

    const bytes = slab.bytes;
    const start = slab.length;
    const metadataStart = start + V1_HEADER_BYTES;
    bytes.writeInt32LE((flat.length / 2) * V1_COUNT_PER_PAIR, metadataStart);
    let lengthAt = metadataStart + V1_INT_BYTES;
    let at = metadataStart + lengthsBytes;
    for (let i = 0; i < flat.length; i++) {
      const written = putPiece(bytes, at, flat[i] as Piece);
      if (written === NOT_WELL_FORMED) throw loneSurrogate(fieldOf(flat[i - (i % 2)]));
      lengthAt = bytes.writeInt32LE(written, lengthAt);
      at += written;
    }
    const metadataBytes = at - metadataStart;
    const payloadBytes = putPiece(bytes, at + V1_INT_BYTES, payload);
    if (payloadBytes === NOT_WELL_FORMED) throw loneSurrogate('payload');
    bytes.writeInt32LE(payloadBytes, at);
    checkRecordBytes(metadataBytes + V1_INT_BYTES + payloadBytes, this.#options.maxRecordBytes);

    bytes.writeInt32LE(MAGIC, start + MAGIC_OFFSET);
    bytes.writeInt16LE(VERSION_1, start + VERSION_OFFSET);
    bytes.writeInt32LE(metadataBytes, start + V1_METADATA_BYTES_OFFSET);
    bytes.writeInt32LE(V1_INT_BYTES + payloadBytes, start + V1_PAYLOAD_BLOCK_BYTES_OFFSET);
    bytes.writeInt32LE(0, start + V1_END_OFFSET);
    slab.length = at + V1_INT_BYTES + payloadBytes;
  }
}
