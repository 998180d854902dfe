import { RecordError } from '../../errors/record-error.js';
import { MAX_BLOCK_KEYS } from '../../format/limits.js';
import {
  FOLLOWS_GAP,
  HEADER_BYTES,
  KIND_RECORDS,
  MAX_VARINT_BYTES,
  TABLE_START_BYTES,
} from '../../format/version-2.js';
import { Slab } from '../bytes/slab.js';
import { mostBytes, NOT_WELL_FORMED, type Piece, putPiece } from '../bytes/text.js';
import { signedVarintBytes, varintBytes, writeSignedVarint, writeVarint } from '../bytes/varint.js';
import { VarintReader } from '../bytes/varint-reader.js';
import { type FlatMetadata, fieldOf, flattenMetadata } from '../records/metadata-input.js';
import { checkRecordBytes, type RecordEncoder } from '../records/record-encoder.js';
import {
  loneSurrogate,
  metadataOf,
  payloadOf,
  type RecordInput,
  timeMicrosOf,
} from '../records/record-input.js';
import { writeChecksums, writeHeaderFields } from './frame-header.js';
import { KeyTable } from './key-table.js';

/** The facts of a finished block, for the index. Times are µs since the epoch. */
export interface BlockFacts {
  /** The size of its frame. */
  readonly bytes: number;
  readonly records: number;
  readonly sequence: number;
  readonly earliestMicros: number;
  readonly latestMicros: number;
  /** The flags in its header. */
  readonly flags: number;
}

export interface BlockBuilderOptions {
  /** 8 bytes. */
  readonly writerId: Uint8Array;
  /** The sequence of the first record. @default 0 */
  readonly sequence?: number;
  readonly blockBytes: number;
  readonly maxRecordBytes: number;
  /** The initial size of a slab. */
  readonly slabBytes: number;
  /** Called when a block ends. Its body is valid until the call returns. */
  readonly onBlock?: (block: BlockFacts, body: Buffer) => void;
}

const TOO_MANY_KEYS = `more than the ${MAX_BLOCK_KEYS} of a block`;

/** The varints at the start of a record: length, time, metadataBytes. */
const MAX_RECORD_PREFIX_BYTES = 3 * MAX_VARINT_BYTES;

/** The first record's time and length (which may grow), the key count, the table start. */
const MAX_BODY_END_BYTES = MAX_VARINT_BYTES + MAX_VARINT_BYTES + TABLE_START_BYTES;

/**
 * Encodes records as blocks of version 2 (docs/format.md, "Records"). A block ends when its body has
 * `blockBytes`.
 */
export class BlockBuilder implements RecordEncoder {
  readonly #options: BlockBuilderOptions;
  readonly #flat: FlatMetadata = [];
  readonly #table = new KeyTable();
  readonly #slab: Slab;
  #sequence: number;
  /** The flags of the open block, or of the next one. */
  #flags = 0;
  /** Whether the next sequence was given. */
  #isPlaced = false;

  /** The state of the open block; `#records` is 0 if no block is open. */
  #blockStart = 0;
  #records = 0;
  #firstMicros = 0;
  #previousMicros = 0;
  #earliestMicros = 0;
  #latestMicros = 0;
  /** The metadata size of the previous record. */
  #metadataBytes = 0;

  constructor(options: BlockBuilderOptions) {
    this.#options = options;
    this.#slab = new Slab(options.slabBytes);
    this.#sequence = options.sequence ?? 0;
  }

  get pendingBytes(): number {
    return this.#slab.length + (this.#records > 0 ? this.#table.entryBytes : 0);
  }

  get isBlockOpen(): boolean {
    return this.#records > 0;
  }

  get nextSequence(): number {
    return this.#sequence + this.#records;
  }

  continueAt(sequence: number): void {
    if (this.#isPlaced && sequence === this.nextSequence) return;
    this.finishBlock();
    this.#sequence = sequence;
    this.#flags = FOLLOWS_GAP;
    this.#isPlaced = true;
  }

  add(record: RecordInput, nowMicros: number): number {
    const payload = payloadOf(record);
    const timeMicros = timeMicrosOf(record, nowMicros);
    flattenMetadata(metadataOf(record), this.#flat);
    // Text has at least as many bytes as units, so this refuses huge text before it is measured.
    checkRecordBytes(payload.length, this.#options.maxRecordBytes);

    const keys = this.#flat.length / 2;
    if (keys > MAX_BLOCK_KEYS)
      throw new RecordError('metadata', `has ${keys} keys, ${TOO_MANY_KEYS}`);
    const fitsKeys = this.#table.size + keys <= MAX_BLOCK_KEYS;
    if (this.#records > 0 && !(fitsKeys && this.#fitsTimes(timeMicros))) this.finishBlock();
    if (this.#records === 0) this.#openBlock(timeMicros);
    const slabLength = this.#slab.length;
    const { entryBytes, size } = this.#table;
    try {
      this.#encode(payload, timeMicros);
    } catch (error) {
      this.#slab.length = this.#records === 0 ? this.#blockStart : slabLength;
      this.#table.reset(size, entryBytes);
      throw error;
    }
    this.#records++;
    this.#previousMicros = timeMicros;
    if (timeMicros < this.#earliestMicros) this.#earliestMicros = timeMicros;
    if (timeMicros > this.#latestMicros) this.#latestMicros = timeMicros;
    const frameBytes = this.#slab.length - this.#blockStart + this.#table.entryBytes;
    // Includes the fields that `finishBlock` adds, so that no body is over `blockBytes +
    // maxRecordBytes`.
    const bodyBytes = frameBytes - HEADER_BYTES + MAX_BODY_END_BYTES;
    if (bodyBytes >= this.#options.blockBytes) this.finishBlock();
    return timeMicros;
  }

  finishBlock(): void {
    if (this.#records === 0) return;
    this.#rebaseFirstTime();
    const slab = this.#slab;
    const bodyStart = this.#blockStart + HEADER_BYTES;
    const tableStart = slab.length - bodyStart;
    const table = this.#table;
    slab.reserve(MAX_VARINT_BYTES + table.entryBytes + TABLE_START_BYTES);
    slab.length = writeVarint(slab.bytes, slab.length, table.size);
    slab.length += table.entries.copy(slab.bytes, slab.length);
    slab.length = slab.bytes.writeUInt32LE(tableStart, slab.length);

    const body = slab.bytes.subarray(bodyStart, slab.length);
    // One object, written out, for the header and the index. On Node 20, spreading it into two
    // would make encoding records of 2.9 KB take 7 % longer.
    const frame = {
      kind: KIND_RECORDS,
      writerId: this.#options.writerId,
      bytes: HEADER_BYTES + body.length,
      records: this.#records,
      sequence: this.#sequence,
      earliestMicros: this.#earliestMicros,
      latestMicros: this.#latestMicros,
      flags: this.#flags,
    };
    writeHeaderFields(slab.bytes, this.#blockStart, body.length, frame);
    this.#sequence += this.#records;
    this.#records = 0;
    this.#flags = 0;
    table.reset();
    this.#options.onBlock?.(frame, body);
  }

  take(): Buffer {
    const bytes = this.#slab.take();
    writeChecksums(bytes);
    return bytes;
  }

  moveTo(slab: Slab): void {
    slab.append(this.#slab.filled());
    this.#slab.clear();
  }

  clear(): void {
    this.#slab.clear();
  }

  /** Whether the block may hold a record of this time: deltas must be within ±(2^53 - 1) µs. */
  #fitsTimes(micros: number): boolean {
    const earliest = Math.min(this.#earliestMicros, micros);
    return Math.max(this.#latestMicros, micros) - earliest <= Number.MAX_SAFE_INTEGER;
  }

  #openBlock(micros: number): void {
    this.#blockStart = this.#slab.length;
    this.#slab.reserve(HEADER_BYTES);
    this.#slab.length += HEADER_BYTES;
    this.#firstMicros = micros;
    this.#previousMicros = micros;
    this.#earliestMicros = micros;
    this.#latestMicros = micros;
  }

  /**
   * Lengths precede the bytes they measure and must be minimal varints. So their sizes are guessed
   * as if the metadata were as long as those of the previous record. If the guess is wrong, the
   * record is moved.
   */
  #encode(payload: Piece, timeMicros: number): void {
    const slab = this.#slab;
    const limit = this.#options.maxRecordBytes;
    const start = slab.length;
    const delta = timeMicros - this.#previousMicros;
    const timeBytes = signedVarintBytes(delta);
    const headGuess = timeBytes + varintBytes(this.#metadataBytes);
    const lengthGuess = headGuess + this.#metadataBytes + payload.length;
    const metadataStart = start + varintBytes(lengthGuess) + headGuess;
    slab.reserve(MAX_RECORD_PREFIX_BYTES);
    slab.length = metadataStart;
    const keyBytes = this.#putMetadata(limit);
    const payloadStart = slab.length;
    // Reserves the end of the body too: otherwise finishing a block of one huge record would copy
    // the slab.
    const endBytes = MAX_BODY_END_BYTES + this.#table.entryBytes;
    slab.reserve(mostBytes(payload, slab.room - endBytes) + endBytes);
    const bytes = slab.bytes;
    const payloadBytes = putPiece(bytes, payloadStart, payload);
    if (payloadBytes === NOT_WELL_FORMED) throw loneSurrogate('payload');
    const end = payloadStart + payloadBytes;

    const metadataBytes = payloadStart - metadataStart;
    const length = timeBytes + varintBytes(metadataBytes) + end - metadataStart;
    const prefixBytes = varintBytes(length) + timeBytes + varintBytes(metadataBytes);
    // Assumes the longest time: that of a block's first record grows if an earlier one follows.
    const mostPrefixBytes = prefixBytes - timeBytes + MAX_VARINT_BYTES;
    checkRecordBytes(mostPrefixBytes + end - metadataStart + keyBytes, limit);
    const shift = start + prefixBytes - metadataStart;
    if (shift !== 0) bytes.copyWithin(metadataStart + shift, metadataStart, end);
    const timeAt = writeVarint(bytes, start, length);
    writeVarint(bytes, writeSignedVarint(bytes, timeAt, delta), metadataBytes);
    slab.length = end + shift;
    this.#metadataBytes = metadataBytes;
  }

  /**
   * @returns the bytes of the record's keys in the table, even of keys that earlier records added
   */
  #putMetadata(limit: number): number {
    const slab = this.#slab;
    const flat = this.#flat;
    const start = slab.length;
    let keyBytes = 0;
    for (let i = 0; i < flat.length; i += 2) {
      const key = this.#table.keyAt(i >> 1, flat[i] as Piece);
      const value = flat[i + 1] as Piece;
      keyBytes += key.entryBytes;
      // Checked before reserving memory: many values may share one huge string.
      checkRecordBytes(slab.length - start + value.length + keyBytes, limit);
      slab.reserve(2 * MAX_VARINT_BYTES + mostBytes(value));
      const { bytes } = slab;
      const at = writeVarint(bytes, slab.length, key.index);
      // The guess is right for ASCII, the usual case.
      const valueStart = at + varintBytes(value.length);
      const written = putPiece(bytes, valueStart, value);
      if (written === NOT_WELL_FORMED) throw loneSurrogate(fieldOf(flat[i]));
      const shift = at + varintBytes(written) - valueStart;
      if (shift !== 0) bytes.copyWithin(valueStart + shift, valueStart, valueStart + written);
      slab.length = writeVarint(bytes, at, written) + written;
    }
    return keyBytes;
  }

  /**
   * The first record's time is relative to the earliest time in the block. It was written as 0; if
   * an earlier record followed, the rest is moved to make room for the real value.
   */
  #rebaseFirstTime(): void {
    const delta = this.#firstMicros - this.#earliestMicros;
    if (delta === 0) return;
    const slab = this.#slab;
    const more = signedVarintBytes(delta) - 1;
    slab.reserve(more + MAX_VARINT_BYTES);
    const start = this.#blockStart + HEADER_BYTES;
    const reader = new VarintReader(slab.bytes);
    reader.position = start;
    const length = reader.readUnsigned();
    const restStart = reader.position + 1;
    const newRestStart = start + varintBytes(length + more) + signedVarintBytes(delta);
    slab.bytes.copyWithin(newRestStart, restStart, slab.length);
    writeSignedVarint(slab.bytes, writeVarint(slab.bytes, start, length + more), delta);
    slab.length += newRestStart - restStart;
  }
}
