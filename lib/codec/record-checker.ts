import { WRITER_BYTES } from '../format/version-2.js';
import { createRecordEncoder, type FormatSettings } from './create-record-encoder.js';
import type { RecordEncoder } from './records/record-encoder.js';
import type { RecordInput } from './records/record-input.js';

/** Grows where a record needs more. */
const SLAB_BYTES = 16 * 2 ** 10;

/** Says whether records can be encoded, ahead of their turn. */
export class RecordChecker {
  readonly #settings: FormatSettings;
  #encoder: RecordEncoder | undefined;
  /** Beside that of the encoder: allocating one for each record takes longer than encoding it. */
  #slab: Buffer = Buffer.allocUnsafeSlow(SLAB_BYTES);

  constructor(settings: FormatSettings) {
    this.#settings = settings;
  }

  /** @throws RecordError for what the format's encoder would refuse */
  check(record: RecordInput): void {
    this.#encoder ??= createRecordEncoder(this.#settings, {
      writerId: new Uint8Array(WRITER_BYTES),
      slabBytes: SLAB_BYTES,
    });
    this.#encoder.add(record, 0);
    this.#encoder.finishBlock();
    const { buffer } = this.#encoder.take(this.#slab);
    // What a huge record has made is let go.
    if (buffer.byteLength === SLAB_BYTES) this.#slab = Buffer.from(buffer);
    else this.#slab = Buffer.allocUnsafeSlow(SLAB_BYTES);
  }
}
