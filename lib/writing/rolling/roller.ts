import { hostname } from 'node:os';

import { Slab } from '../../codec/bytes/slab.js';
import { createRecordEncoder, type FormatSettings } from '../../codec/create-record-encoder.js';
import type { RecordEncoder } from '../../codec/records/record-encoder.js';
import type { RecordInput } from '../../codec/records/record-input.js';
import type { FileLayer } from '../../files/file-layer.js';
import type { ArchiveTemplate } from '../../series/names/archive-template.js';
import { BurstClock } from '../../streams/burst-clock.js';
import type { Clock } from '../../streams/clock.js';
import { publish } from '../../streams/diagnostics.js';
import type { RollPolicy } from '../policies/roll-policy.js';
import { RollTimer } from '../policies/roll-timer.js';
import { ArchiveDraft } from '../receipts/archive-draft.js';
import type { ReceiptAnchor } from '../receipts/receipt.js';
import type { SyncMode } from '../sink/archive-sync.js';
import type { DiskFigures } from '../sink/disk-figures.js';
import type { DiskRetry } from '../sink/disk-retry.js';
import type { SharedMemory } from '../sink/shared-memory.js';
import { writeSlabChecksums } from '../sink/slab-checksums.js';
import { SLAB_BYTES, SlabKeeper } from '../sink/slab-keeper.js';
import type { ArchiveListener } from './archive-listener.js';
import { ArchiveSealer } from './archive-sealer.js';
import { FlushTimer } from './flush-timer.js';
import { SinkQueue } from './sink-queue.js';

/** Blocks are moved to the slab when they have so many bytes, which the processor's cache holds. */
const COLLECTED_BYTES = 64 * 2 ** 10;

/** The encoder's first memory, where many writers come and go; it grows as records need it. */
const SMALL_SLAB_BYTES = 16 * 2 ** 10;

/** The slab while it is empty. */
const NO_BYTES = Buffer.alloc(0);

export interface RollerOptions {
  readonly directory: string;
  readonly template: ArchiveTemplate;
  readonly policy: RollPolicy;
  readonly settings: FormatSettings;
  /** The keys of the metadata index that each archive gets; none without keys. */
  readonly indexedKeys: readonly Buffer[];
  readonly writerId: Uint8Array;
  readonly flushIntervalMs: number;
  readonly syncMode: SyncMode;
  readonly maxUnsyncedBytes: number;
  readonly retry: DiskRetry;
  readonly figures: DiskFigures;
  readonly clock: Clock;
  readonly files: FileLayer;
  /** Settles when files may be created. Records are taken before that. */
  readonly ready: Promise<void>;
  readonly listener: ArchiveListener;
  /** Memory that several writers share. @default memory for this writer alone */
  readonly memory?: SharedMemory | undefined;
  /** Called when `isFull` may have become false. */
  readonly onRoom: () => void;
}

/**
 * Fills the archives of a series, one after the other. Collects the encoder's blocks in a slab. The
 * caller must respect `isFull`. The roller writes a slab when it is full or the flush interval
 * is over, and seals an archive when the policy says so.
 */
export class Roller {
  /** Records taken so far. */
  records = 0;
  /** Blocks that records have filled so far; none in formats without blocks. */
  blocks = 0;
  /** Archives that were completed to continue in a new one. */
  rolls = 0;
  readonly #options: RollerOptions;
  readonly #encoder: RecordEncoder;
  readonly #sinks: SinkQueue;
  readonly #writer: string;
  readonly #isSequenced: boolean;
  readonly #time: BurstClock;
  readonly #rollTimer: RollTimer;
  readonly #flushTimer: FlushTimer;
  readonly #slabs: SlabKeeper;
  /** Blocks that go to the disk together. Has memory only while it holds bytes. */
  readonly #slab = new Slab(0);
  #draft: ArchiveDraft;
  /** The archive of the record that was taken last. */
  #lastDraft: ArchiveDraft;
  /** The bytes in the slab go to the disk as soon as it has nothing else to write. */
  #isFlushDue = false;
  #isEncoding = false;
  #isEnding = false;

  constructor(options: RollerOptions) {
    const { clock, directory, listener, settings, template, writerId } = options;
    this.#options = options;
    this.#writer = Buffer.from(writerId).toString('hex');
    this.#isSequenced = settings.format === 'v2';
    this.#time = new BurstClock(clock);
    this.#slabs = options.memory?.slabs ?? new SlabKeeper(SLAB_BYTES, settings.blockBytes);
    this.#encoder = createRecordEncoder(settings, {
      writerId,
      ...(options.memory && { slabBytes: SMALL_SLAB_BYTES }),
      onBlock: (block, body) => {
        this.blocks++;
        this.#draft.addBlock(block, body);
      },
    });
    this.#draft = new ArchiveDraft(0, this.#encoder, options.indexedKeys);
    this.#lastDraft = this.#draft;
    this.#rollTimer = new RollTimer(options.policy, clock, {
      onDue: () => this.#handOver('complete'),
      onFailure: (error) => listener.onFailure(error),
    });
    this.#flushTimer = new FlushTimer(clock, options.flushIntervalMs, () => this.#flushSoon());
    this.#sinks = new SinkQueue({
      ...options,
      sealer: new ArchiveSealer({ directory, template, format: settings.format, writerId }),
      writer: this.#writer,
      slabs: this.#slabs,
      unsynced: options.memory?.unsynced,
      onProgress: () => this.#proceed(),
    });
  }

  /** Whether a full slab waits for the one that is being written. */
  get isFull(): boolean {
    return this.#sinks.hasWaiting;
  }

  /** How many bytes wait for the disk, in slabs that are full. */
  get waitingBytes(): number {
    return this.#sinks.waitingBytes;
  }

  /**
   * Takes a record, even if `isFull`: then memory grows. Copies what it needs of it.
   *
   * @param sequence that of the record, if the writer is given them. @default the next one
   * @throws RecordError for what is not a record, with nothing taken
   */
  add(record: RecordInput, sequence?: number): void {
    const now = this.#time.now();
    const draft = this.#draft;
    const isFirst = draft.records === 0;
    // Before the record is encoded: if the name cannot be made, nothing may be left in the slab.
    if (isFirst) this.#begin(draft, now);
    // The record's getters may call `roll` or `end`: both wait until the record is in the archive
    // or refused.
    this.#isEncoding = true;
    try {
      if (sequence !== undefined) this.#encoder.continueAt?.(sequence);
      draft.count(this.#encoder.add(record, toMicros(now)), now);
    } finally {
      this.#isEncoding = false;
    }
    this.#lastDraft = draft;
    this.records++;
    if (isFirst) this.#options.listener.onBegin(draft);
    this.#flushTimer.arm();
    if (this.#isDue(draft, now)) this.#handOver('complete');
    else if (isFirst) this.#rollTimer.arm(draft);
    if (this.#encoder.pendingBytes >= COLLECTED_BYTES && !this.#encoder.isBlockOpen) {
      this.#collect();
      if (this.#slab.length >= this.#slabs.fullBytes) this.#handOver('unfinished');
    }
  }

  /** Where the record is that was taken last. */
  lastAnchor(): ReceiptAnchor {
    const { progress, records } = this.#lastDraft;
    const sequence = this.#isSequenced ? this.#encoder.nextSequence - 1 : undefined;
    return { progress, recordNumber: records - 1, sequence };
  }

  /** Has all records so far written soon, instead of after the flush interval. */
  writeSoon(): void {
    if (this.#holdsBytes && !this.#isFlushDue) this.#flushTimer.hurry();
  }

  /**
   * Has all records so far synced soon: the slab is written, and the next sync serves all of them.
   */
  syncSoon(): void {
    const draft = this.#draft;
    // Earlier archives are being sealed, which syncs them.
    if (draft.records === 0 || draft.progress.hasReached('synced', draft.records - 1)) return;
    this.#sinks.syncSoon(draft, draft.records);
    if (!this.#isFlushDue) this.#flushTimer.hurry();
  }

  /**
   * Ends the open archive, if it has any record. Settles when it and those before it are sealed, or
   * writing has ended.
   */
  async roll(): Promise<void> {
    if (this.#isEncoding) await Promise.resolve();
    // Not until the disk is idle: a busy source would keep it from ever being idle.
    const { ordinal, records } = this.#draft;
    if (records === 0) return this.#sinks.sealed(ordinal);
    this.#handOver('complete');
    await this.#sinks.sealed(ordinal + 1);
  }

  /** Seals the open archive. The caller adds no record after that. */
  async end(): Promise<void> {
    this.#isEnding = true;
    if (this.#isEncoding) await Promise.resolve();
    if (this.#draft.records > 0) this.#handOver('complete');
    await this.#sinks.idle();
    this.#cancelFlush();
    this.#rollTimer.cancel();
    await this.#sinks.close();
  }

  #begin(draft: ArchiveDraft, now: number): void {
    draft.openedAt = now;
    draft.name = this.#options.template.openName({
      timeMicros: toMicros(now),
      ordinal: draft.ordinal,
      host: hostname(),
      pid: process.pid,
      writer: this.#writer,
    });
  }

  /** A policy may be a user's function, and throw. The record is taken all the same. */
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

  /**
   * A busy disk gets the slab later, with the records that come meanwhile: one write serves all.
   */
  #flushSoon(): void {
    this.#isFlushDue = true;
    this.#proceed();
  }

  #proceed(): void {
    if (this.#isFlushDue && !this.#sinks.isBusy) {
      this.#cancelFlush();
      if (this.#holdsBytes) this.#handOver('unfinished');
    }
    if (!this.isFull) this.#options.onRoom();
  }

  /** Whether there are bytes that were not handed over. */
  get #holdsBytes(): boolean {
    return this.#encoder.pendingBytes + this.#slab.length > 0;
  }

  /**
   * Moves blocks from the encoder to the slab. The encoder's memory stays in the processor's cache,
   * and it is not shared: records are copied into it much faster than into the slab.
   */
  #collect(): void {
    const { pendingBytes } = this.#encoder;
    if (pendingBytes === 0) return;
    if (this.#slab.length === 0) this.#slab.bytes = this.#slabs.take();
    this.#encoder.moveTo(this.#slab);
    this.#draft.encodedBytes += pendingBytes;
  }

  /** Gives the bytes in the slab to the disk. With them the archive is `complete`, or not. */
  #handOver(archive: 'unfinished' | 'complete'): void {
    this.#cancelFlush();
    const draft = this.#draft;
    const { records } = draft;
    if (records === 0) return;
    this.#encoder.finishBlock();
    this.#collect();
    const bytes = this.#slab.take(NO_BYTES);
    // From now on, while other slabs are written, so that the file need not wait for it.
    const completed = this.#isSequenced ? writeSlabChecksums(bytes) : null;
    if (archive === 'unfinished') {
      this.#sinks.write({ draft, bytes, completed, records, end: null });
      this.#rollTimer.arm(draft);
      return;
    }
    this.#rollTimer.cancel();
    if (!this.#isEnding) this.#countRoll(draft);
    this.#draft = new ArchiveDraft(draft.ordinal + 1, this.#encoder, this.#options.indexedKeys);
    const end = { nextSequence: this.#encoder.nextSequence, writerEnded: this.#isEnding };
    this.#sinks.write({ draft, bytes, completed, records, end });
  }

  #countRoll({ bytes, name, ordinal, records }: ArchiveDraft): void {
    this.rolls++;
    publish('roll', () => ({ name, writer: this.#writer, ordinal, records, bytes }));
  }
}

/** Clocks may count parts of a millisecond; times are whole microseconds. */
function toMicros(ms: number): number {
  return Math.round(ms * 1000);
}
