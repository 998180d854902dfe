import type { FormatSettings } from '../codec/create-record-encoder.js';
import { RecordChecker } from '../codec/record-checker.js';
import { copyRecord } from '../codec/records/copy-record.js';
import type { RecordInput } from '../codec/records/record-input.js';
import { ArchiveError } from '../errors/archive-error.js';
import { RecordError } from '../errors/record-error.js';
import type { Clock } from '../streams/clock.js';
import type { ArchiveWriterEvents } from './archive-writer-events.js';
import { PendingReceipt, type Receipt } from './receipts/receipt.js';
import type { ReceiptBook } from './receipts/receipt-book.js';
import type { ReceiptLevel } from './receipts/receipt-level.js';
import { RecordWritable } from './record-writable.js';
import type { SyncMode } from './sink/archive-sync.js';
import type { FlushOptions } from './writer-stats.js';

export interface ReceiptWritableOptions {
  readonly maxPendingBytes: number;
  readonly syncMode: SyncMode;
  readonly settings: FormatSettings;
  readonly clock: Clock;
  readonly receipts: ReceiptBook;
  readonly invalid: 'fail' | 'skip';
}

/** A Writable that says of each record how safe it is. */
export abstract class ReceiptWritable extends RecordWritable {
  protected readonly receipts: ReceiptBook;
  /** Records that were left out, being none. */
  protected skipped = 0;
  readonly #clock: Clock;
  readonly #checker: RecordChecker;
  readonly #syncMode: SyncMode;
  readonly #invalid: 'fail' | 'skip';
  /** Somebody waits for a receipt. */
  readonly #onAwaited = (level: ReceiptLevel) => {
    if (level === 'synced') this.wantSynced();
  };

  constructor(options: ReceiptWritableOptions) {
    const { clock, maxPendingBytes, receipts, settings, syncMode } = options;
    super(maxPendingBytes, syncMode === 'always' ? 'together' : 'one-by-one');
    this.receipts = receipts;
    this.#clock = clock;
    this.#checker = new RecordChecker(settings);
    this.#syncMode = syncMode;
    this.#invalid = options.invalid;
  }

  /** Has all records that were taken synced soon. */
  protected abstract wantSynced(): void;

  /** Seals the open archive now. Its rejection needs no handler. */
  abstract roll(): Promise<void>;

  /**
   * Takes a record, and gives a receipt that says how safe it is. All of it that is needed is copied. It
   * takes its turn behind what was written before.
   *
   * @throws RecordError for what is not a record, whatever `invalid` says; BacklogFullError when too much
   *   waits already: `await ready()` first; SpoolFullError with `whenFull: 'error'`;
   *   ArchiveError `ERR_ENDED` after the end
   */
  append(record: RecordInput): Receipt {
    if (this.destroyed || this.writableEnded) {
      throw new ArchiveError('ERR_ENDED', 'cannot append: the writer has ended');
    }
    const receipt = new PendingReceipt(this.#onAwaited);
    this.takeInTurn(record, receipt, () => {
      const copy = copyRecord(record, Math.round(this.#clock.now() * 1000));
      this.#checker.check(copy);
      return copy;
    });
    return receipt;
  }

  /**
   * Settles when all records so far have come to a level: on disk by default.
   *
   * @throws what ended the stream before that; ArchiveError `ERR_NOT_SHIPPED` for `shipped` without `ship`
   */
  async flush(options: FlushOptions = {}): Promise<void> {
    const { until = 'synced' } = options;
    await this.taken();
    if (until === 'sealed' || until === 'shipped') void this.roll();
    else this.wantSynced();
    await this.receipts.all(until);
  }

  protected override take(record: RecordInput): void {
    try {
      this.takeAppended(record);
    } catch (error) {
      if (this.#invalid === 'fail' || !(error instanceof RecordError)) throw error;
      this.skipped++;
    }
  }

  /** Emits an event, in a tick of its own: what a listener throws is not ours to catch. */
  protected tell<Name extends keyof ArchiveWriterEvents>(
    name: Name,
    ...args: ArchiveWriterEvents[Name]
  ): void {
    process.nextTick(() => this.emit(name, ...args));
  }

  protected override settled(): Promise<void> | null {
    if (this.#syncMode !== 'always') return null;
    this.wantSynced();
    return this.receipts.all('synced');
  }
}
