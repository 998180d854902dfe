import { WRITER_BYTES } from '../format/version-2.js';
import { createRecordEncoder, type FormatSettings } from './create-record-encoder.js';
import type { RecordEncoder } from './records/record-encoder.js';
import type { RecordInput } from './records/record-input.js';

/** The initial size; a larger record grows it. */
const SLAB_BYTES = 16 * 2 ** 10;

/** Checks whether records can be encoded, before their turn to be written. */
export class RecordChecker {
  readonly #settings: FormatSettings;
  #encoder: RecordEncoder | undefined;

  constructor(settings: FormatSettings) {
    this.#settings = settings;
  }

  /** @throws RecordError if the format's encoder would refuse the record */
  check(record: RecordInput): void {
    this.#encoder ??= createRecordEncoder(this.#settings, {
      writerId: new Uint8Array(WRITER_BYTES),
      slabBytes: SLAB_BYTES,
    });
    this.#encoder.add(record, 0);
    this.#encoder.finishBlock();
    this.#encoder.clear();
  }
}
