import { createRecordEncoder } from '../../codec/create-record-encoder.js';
import type { RecordEncoder } from '../../codec/records/record-encoder.js';
import type { RecordInput } from '../../codec/records/record-input.js';
import { ArchiveNamer } from '../../series/names/archive-namer.js';
import { RollTimer } from '../policies/roll-timer.js';
import { ArchiveDraft } from '../receipts/archive-draft.js';
import type { ReceiptAnchor } from '../receipts/receipt.js';
import { SLAB_BYTES, SlabKeeper } from '../sink/slab-keeper.js';
import { ArchiveSealer } from './archive-sealer.js';
import { FlushTimer } from './flush-timer.js';
import type { RollerOptions } from './roller-options.js';
import { SealCount } from './seal-count.js';
import { SinkQueue } from './sink-queue.js';

/**
 * Fills the archives of a series, one after the other. Records are encoded straight into a slab; it is
 * the caller who heeds `isFull`. Everything else happens by itself: slabs go to the disk when they are
 * full or their time has come, archives are sealed when the policy says so.
 */
export class Roller {
  /** Records taken so far. */
  records = 0;
  readonly #options: RollerOptions;
  readonly #encoder: RecordEncoder;
  readonly #disk: SinkQueue;
  readonly #namer: ArchiveNamer;
  readonly #isSequenced: boolean;
  readonly #rollTimer: RollTimer;
  readonly #flushTimer: FlushTimer;
  readonly #seals = new SealCount();
  readonly #slabs: SlabKeeper;
  #draft: ArchiveDraft;
  /** What is in the slab is to be written once the disk has nothing else to do. */
  #isFlushDue = false;
  #isEncoding = false;
  #isEnding = false;

  constructor(options: RollerOptions) {
    const { directory, listener, settings, template, writerId } = options;
    this.#options = options;
    const writer = Buffer.from(writerId).toString('hex');
    this.#namer = new ArchiveNamer(template, writer);
    this.#isSequenced = settings.format === 'v2';
    const slabBytes = SLAB_BYTES + settings.blockBytes;
    this.#slabs = new SlabKeeper(slabBytes);
    this.#encoder = createRecordEncoder(settings, {
      writerId,
      slabBytes,
      onBlock: (block) => this.#draft.index.add(block),
    });
    this.#draft = new ArchiveDraft(0, this.#encoder);
    this.#rollTimer = new RollTimer(options.policy, options.clock, {
      onDue: () => this.#handOver('complete'),
      onFailure: (error) => listener.onFailure(error),
    });
    const onFlushDue = () => this.#flushSoon();
    this.#flushTimer = new FlushTimer(options.clock, options.flushIntervalMs, onFlushDue);
    this.#disk = new SinkQueue({
      ...options,
      sealer: new ArchiveSealer({ directory, template, format: settings.format, writerId }),
      writer,
      listener: {
        onOpened: (archive) => listener.onOpened(archive),
        onSealed: (archive, draft) => {
          this.#seals.add();
          listener.onSealed(archive, draft);
        },
        onTaken: (draft) => {
          this.#seals.add();
          listener.onTaken(draft);
        },
        onFailure: (error) => listener.onFailure(error),
        onFree: (bytes) => this.#slabs.keep(bytes),
        onProgress: () => this.#proceed(),
      },
    });
  }

  /** Whether a full slab waits behind the one that is on its way to the disk; `onRoom` tells when it goes. */
  get isFull(): boolean {
    return this.#disk.isBehind;
  }

  /** How many bytes wait for the disk, in slabs that are full. */
  get waitingBytes(): number {
    return this.#disk.waitingBytes;
  }

  /**
   * Takes a record, also where it is full; then memory grows. What of it is needed is copied.
   *
   * @returns where it stands
   * @throws RecordError for what is not a record, with nothing taken
   */
  add(record: RecordInput): ReceiptAnchor {
    const now = this.#options.clock.now();
    const draft = this.#draft;
    const isFirst = draft.records === 0;
    // Before the record: a name that cannot be made is to leave nothing behind.
    if (isFirst) this.#begin(draft, now);
    const timeMicros = this.#encode(record, now);
    draft.count(timeMicros, now);
    if (isFirst) this.#options.listener.onBegin(draft);
    const sequence = this.#isSequenced ? this.records : undefined;
    const anchor = { progress: draft.progress, ordinal: draft.records - 1, sequence };
    this.records++;
    this.#flushTimer.arm();
    if (this.#isDue(draft, now)) this.#handOver('complete');
    else if (this.#encoder.pendingBytes >= SLAB_BYTES && !this.#encoder.isBlockOpen) {
      this.#handOver('unfinished');
    } else if (isFirst) {
      this.#rollTimer.arm(draft);
    }
    return anchor;
  }

  /** Has all records so far synced soon: what is in memory is written, and the next sync serves all. */
  wantSynced(): void {
    const draft = this.#draft;
    // Earlier archives are being sealed, and synced with that.
    if (draft.records === 0 || draft.progress.hasReached('synced', draft.records - 1)) return;
    this.#disk.wantSynced(draft, draft.records);
    if (!this.#isFlushDue) this.#flushTimer.hurry();
  }

  /**
   * Ends the open archive, if it has any record. Settles when it and those before it are sealed, or
   * writing has ended.
   */
  async roll(): Promise<void> {
    if (this.#isEncoding) await Promise.resolve();
    // Not until the disk is idle: with a busy source that would never be.
    const { ordinal, records } = this.#draft;
    if (records === 0) return this.#seals.reach(ordinal);
    this.#handOver('complete');
    await this.#seals.reach(ordinal + 1);
  }

  /** Seals what there is. No record comes any more. */
  async end(): Promise<void> {
    this.#isEnding = true;
    if (this.#isEncoding) await Promise.resolve();
    if (this.#draft.records > 0) this.#handOver('complete');
    await this.#disk.idle();
    this.#cancelFlush();
    this.#rollTimer.cancel();
    this.#seals.end();
    await this.#disk.close();
  }

  /** Its getters may end the archive, or the writer: that is left until the record is in one or the other. */
  #encode(record: RecordInput, now: number): number {
    this.#isEncoding = true;
    try {
      return this.#encoder.add(record, toMicros(now));
    } finally {
      this.#isEncoding = false;
    }
  }

  #begin(draft: ArchiveDraft, now: number): void {
    draft.openedAt = now;
    draft.name = this.#namer.name(draft.ordinal, toMicros(now));
  }

  /** What a policy throws, which may be a user's function, is no fault of the record, which is taken. */
  #isDue(draft: ArchiveDraft, now: number): boolean {
    try {
      return this.#options.policy.isDue(draft, now);
    } catch (error) {
      this.#options.listener.onFailure(error);
      return false;
    }
  }

  #cancelFlush(): void {
    this.#flushTimer.cancel();
    this.#isFlushDue = false;
  }

  /** A busy disk is not given less than a slab at a time: what it is given then is all that came meanwhile. */
  #flushSoon(): void {
    this.#isFlushDue = true;
    this.#proceed();
  }

  #proceed(): void {
    if (this.#isFlushDue && !this.#disk.isBusy) {
      this.#cancelFlush();
      if (this.#encoder.pendingBytes > 0) this.#handOver('unfinished');
    }
    if (!this.isFull) this.#options.listener.onRoom();
  }

  /** Gives what is in the slab to the disk, where the archive may be `complete` with that. */
  #handOver(archive: 'unfinished' | 'complete'): void {
    this.#cancelFlush();
    const draft = this.#draft;
    const { records } = draft;
    if (records === 0) return;
    this.#encoder.finishBlock();
    const bytes = this.#encoder.take(this.#slabs.take());
    draft.takenBytes += bytes.length;
    if (archive === 'unfinished') {
      this.#disk.write({ draft, bytes, records, end: null });
      this.#rollTimer.arm(draft);
      return;
    }
    this.#rollTimer.cancel();
    this.#draft = new ArchiveDraft(draft.ordinal + 1, this.#encoder);
    const end = { nextSequence: this.#encoder.nextSequence, writerEnded: this.#isEnding };
    this.#disk.write({ draft, bytes, records, end });
  }
}

/** Clocks may count parts of a millisecond; times are whole microseconds. */
function toMicros(ms: number): number {
  return Math.round(ms * 1000);
}
