import { Transform, type TransformCallback } from 'node:stream';

import { type ExportedRecord, toExportedRecord } from '../codec/records/exported-record.js';
import type { RecordInput } from '../codec/records/record-input.js';
import { asError } from '../errors/as-error.js';
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
  /** The bytes that are complete; undefined if there are none. */
  take(): Uint8Array | undefined;
  /** The bytes of everything, and what ends it. */
  end(): Uint8Array | undefined;
}

/**
 * A Transform from records to bytes whose converter is loaded when the stream is created. A value
 * that is not a record, or that the format cannot hold, ends the stream with a `RecordError` after
 * the reader has taken the bytes of the records before it.
 */
export class RecordTransform extends Transform {
  readonly #load: () => Promise<RecordConverter>;
  #converter: RecordConverter | undefined;
  #held: TransformCallback | undefined;

  constructor(load: () => Promise<RecordConverter>) {
    super({ writableObjectMode: true, writableHighWaterMark: RECORDS_TOGETHER });
    this.#load = load;
  }

  override _construct(callback: (error?: Error | null) => void): void {
    this.#load().then(
      (converter) => {
        this.#converter = converter;
        callback();
      },
      (error) => callback(asError(error)),
    );
  }

  override _write(chunk: RecordInput, _encoding: string, callback: TransformCallback): void {
    this.#convert([{ chunk }], callback);
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
    let failure: unknown;
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
