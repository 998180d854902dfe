import { Transform, type TransformCallback } from 'node:stream';

import { isArchiveRecord } from '../codec/records/archive-record.js';
import { type ExportedRecord, toExportedRecord } from '../codec/records/exported-record.js';
import type { RecordInput } from '../codec/records/record-input.js';
import { asError } from '../errors/as-error.js';
import type { DoneCallback } from '../streams/typed-streams.js';
import { waitUntilTaken } from '../streams/wait-until-taken.js';

/** Records that come together, such as those of a block, are converted together. */
const RECORDS_TOGETHER = 128;

/** Converts records to bytes. */
export interface RecordConverter {
  /**
   * Takes one record.
   *
   * @throws RecordError for one that the format cannot hold; then nothing of it was taken
   */
  add(record: ExportedRecord): void;
  /** Whether bytes are complete. */
  readonly hasBytes: boolean;
  /** The bytes that are complete; undefined if there are none. */
  take(): Uint8Array | undefined;
  /** The bytes of everything, and what ends it. */
  end(): Uint8Array | undefined;
}

/** What `_write` gets for a record that was added already. */
const ADDED = Symbol('added');

/**
 * A Transform from records to bytes whose converter is loaded when the stream is created. A value
 * that is not a record, or that the format cannot hold, ends the stream with a `RecordError` after
 * the reader has taken the bytes of the records before it.
 */
export class RecordTransform extends Transform {
  readonly #load: () => Promise<RecordConverter>;
  #converter: RecordConverter | undefined;
  #held: TransformCallback | undefined;
  /** The error of a record that `write` could not add. */
  #failure: unknown;

  constructor(load: () => Promise<RecordConverter>) {
    super({ writableObjectMode: true, writableHighWaterMark: RECORDS_TOGETHER });
    this.#load = load;
  }

  override _construct(callback: DoneCallback): void {
    this.#load().then(
      (converter) => {
        this.#converter = converter;
        callback();
      },
      (error) => callback(asError(error)),
    );
  }

  override write(record: RecordInput, callback?: DoneCallback): boolean;
  override write(record: RecordInput, encoding: BufferEncoding, callback?: DoneCallback): boolean;
  override write(record: RecordInput, ...rest: unknown[]): boolean {
    if (rest.length > 0 || !this.#isIdle || !isArchiveRecord(record)) {
      return Reflect.apply(super.write, this, [record, ...rest]);
    }
    // Most records only join those that the converter keeps. For these, Node's Writable would take a
    // tenth of the time of exporting a small record to Parquet.
    try {
      this.#converter?.add(record);
    } catch (error) {
      this.#failure = error;
    }
    const isKept = this.#failure === undefined && this.#converter?.hasBytes === false;
    return isKept || super.write(ADDED);
  }

  /** Whether a record would reach `_write` at once. */
  get #isIdle(): boolean {
    return (
      this.#converter !== undefined &&
      this.writableLength === 0 &&
      this.writableCorked === 0 &&
      !this.writableEnded &&
      !this.destroyed
    );
  }

  override _write(
    chunk: RecordInput | typeof ADDED,
    _encoding: string,
    callback: TransformCallback,
  ): void {
    this.#convert(chunk === ADDED ? [] : [{ chunk }], callback);
  }

  override _writev(records: { chunk: RecordInput }[], callback: TransformCallback): void {
    this.#convert(records, callback);
  }

  override _read(): void {
    const held = this.#held;
    this.#held = undefined;
    held?.();
  }

  override _flush(callback: TransformCallback): void {
    try {
      this.#give(this.#converter?.end());
      callback();
    } catch (error) {
      callback(asError(error));
    }
  }

  #convert(records: readonly { readonly chunk: RecordInput }[], callback: TransformCallback): void {
    let failure = this.#failure;
    let isWanted = true;
    try {
      for (const { chunk } of records) this.#converter?.add(toExportedRecord(chunk));
    } catch (error) {
      failure = error;
    }
    try {
      isWanted = this.#give(this.#converter?.take());
    } catch (error) {
      failure ??= error;
    }
    if (failure !== undefined) {
      void waitUntilTaken(this).then(() => callback(asError(failure)));
    } else if (isWanted) {
      callback();
    } else {
      // `_read` calls back, so that records wait for the reader.
      this.#held = callback;
    }
  }

  #give(bytes: Uint8Array | undefined): boolean {
    return bytes === undefined || bytes.length === 0 || this.push(bytes);
  }
}
