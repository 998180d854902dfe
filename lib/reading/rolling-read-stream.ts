import { addAbortSignal, Readable, type ReadableOptions } from 'node:stream';
import { finished } from 'node:stream/promises';

import type { SkippedDamage } from '../codec/frames/skipped-damage.js';
import type { ArchiveRecord } from '../codec/records/archive-record.js';
import { asError } from '../errors/as-error.js';
import { ConflictError, type SequenceConflict } from '../errors/conflict-error.js';
import { nextTick } from '../format/timers.js';
import type { SkippedArchive } from '../series/listing/find-archives.js';
import { type SeriesPatterns, sortPatterns } from '../series/listing/series-patterns.js';
import type { SequenceGap } from '../series/opening/sequence-gap.js';
import { createSharedController } from '../streams/shared-controller.js';
import type { ReadableEvents } from '../streams/typed-events.js';
import type { ItemIterator, TypedReadable } from '../streams/typed-streams.js';
import { waitUntilTaken } from '../streams/wait-until-taken.js';
import { readSeries } from './read-series.js';
import { RecordIterator } from './record-iterator.js';
import { parseReadOptions, type RollingReadOptions } from './rolling-read-options.js';
import type { LateRecords } from './sequences/sequence-ledger.js';
import { createUnheardReports } from './unheard-reports.js';

/** The events of a reader, besides those of every Readable. Listeners are not awaited. */
export interface ArchiveReaderEvents {
  /**
   * With `whenDamaged: 'skip'`: damaged bytes were skipped. Emitted when they are decoded, so the
   * records around them may come earlier or later.
   */
  readonly damage: [damage: SkippedDamage];
  /**
   * Records are missing between two records of a writer. If they come later, `late` reports them.
   */
  readonly gap: [gap: SequenceGap];
  /**
   * Records come after later records of their writer, because archives overlap or were joined in
   * another order. They are emitted all the same.
   */
  readonly late: [late: LateRecords];
  /**
   * Two different records have one identity: only the one that was read first is emitted. See the
   * option `whenConflict` for when a `ConflictError` ends the stream instead.
   */
  readonly conflict: [conflict: SequenceConflict];
  /**
   * An object or file matches a pattern and cannot be read, because its key has an empty segment, `.`
   * or `..`, or its name is not UTF-8. `skipped` of the reader counts them.
   */
  readonly skipped: [skipped: SkippedArchive];
}

type UnheardReports = {
  readonly [Name in keyof ArchiveReaderEvents]?: (...args: ArchiveReaderEvents[Name]) => void;
};

interface AllEvents extends ArchiveReaderEvents, ReadableEvents<ArchiveRecord> {}

/** Readable itself, with types for what this one reads. */
const RecordReadable: new (options?: ReadableOptions) => TypedReadable<ArchiveRecord, AllEvents> =
  Readable;

/**
 * How many records are decoded ahead of the consumer. Records are views, so each one costs little.
 */
const RECORDS_AHEAD = 128;

/**
 * A Readable of the records (`ArchiveRecord`) of all archives that patterns match, one archive
 * after the other, whatever their state and version, on local disk and in stores. At most one file
 * or object is open at a time, or 64 with `order: 'merged'`. It lists and opens nothing, and does
 * not load the AWS SDK, before the first read.
 *
 * Records of one writer come by sequence, each once; records that overlapping or joined archives
 * hold out of order come where they are found, with the event `late`. Writers are merged by the earliest time of
 * their next archives. Version 1 and JSON lines have no sequences: they come first, in the natural
 * order of their names, and of several archives with one name and the same bytes, one is read.
 * Objects of a store come in the natural order of their names; see `order`. If local names hold a
 * time, or a writer's id and an ordinal, the first record comes before the heads of all archives
 * were read; objects are listed while records are read.
 *
 * If a local archive is shipped after it was listed, its object is read, provided that a pattern
 * matches it. A download that breaks off continues after its last byte. A request that fails eight
 * times in a row is a `StoreError`.
 *
 * With `after` it continues after a cursor, and with `follow` it does not end, but emits what is
 * written later.
 *
 * Damage is a `DamageError`. The stream fails with it only after every record before the damage was
 * consumed, however slowly. A torn tail of an archive that is still open is its end. For events see
 * `ArchiveReaderEvents`.
 */
export class RollingReadStream extends RecordReadable {
  readonly #batches: AsyncGenerator<ArchiveRecord[]>;
  /** Aborts requests to stores, and the delays between them. */
  readonly #ending = createSharedController();
  readonly #unheard: UnheardReports = createUnheardReports();
  readonly #start: string;
  #skipped = 0;
  #batch: readonly ArchiveRecord[] = [];
  /** How many records of the batch were pushed. */
  #pushed = 0;
  /** The batches before it of which records may still be buffered, the latest last. */
  #earlier: (readonly ArchiveRecord[])[] = [];
  /** The last record that `batches()` gave. */
  #given: ArchiveRecord | undefined;
  /**
   * How the series is read; only one way is possible. `records`: the stream pushes records, and
   * `filling` while it does so.
   */
  #use: 'none' | 'records' | 'filling' | 'batches' | 'loop' = 'none';
  #loop: RecordIterator | undefined;

  /** @throws TypeError or RangeError for an invalid pattern or option */
  constructor(patterns: SeriesPatterns, options?: RollingReadOptions) {
    super({ objectMode: true, highWaterMark: RECORDS_AHEAD });
    const settings = parseReadOptions(options);
    const { clock, s3, signal } = settings;
    this.#start = settings.after.text;
    this.#batches = readSeries(sortPatterns(patterns, s3), {
      ...settings,
      retries: { clock, signal: this.#ending.signal },
      onDamage: (damage) => this.#report('damage', damage),
      onGap: (gap) => this.#report('gap', gap),
      onSkipped: (skipped) => {
        this.#skipped++;
        this.#report('skipped', skipped);
      },
      onLate: (late) => this.#report('late', late),
      onConflict: (conflict) => {
        const isExpected = settings.whenDamaged === 'skip' || this.listenerCount('conflict') > 0;
        const { whenConflict = isExpected ? 'report' : 'error' } = settings;
        if (whenConflict === 'error') throw new ConflictError(conflict);
        this.#report('conflict', conflict);
      },
    });
    // Readable's own option would call `_destroy` for an aborted signal before `#batches` exists.
    if (signal !== undefined) addAbortSignal(signal, this);
  }

  /** How many objects match a pattern and cannot be read; see the event `skipped`. */
  get skipped(): number {
    return this.#skipped;
  }

  /**
   * The position after the record that the consumer was given last: by a loop, by `read()`, by the
   * event `data`, or the last one of an array from `batches()`. Records that are only buffered count
   * as not given. Before the first record it is `after`. Give it to another reader as `after`, to
   * continue there.
   */
  get cursor(): string {
    return (this.#given ?? this.#loop?.given ?? this.#takenFromBuffer())?.cursor ?? this.#start;
  }

  /**
   * The records in non-empty arrays, each from one or more blocks. This is the fastest way to read,
   * because the stream does no work per record. It replaces reading the stream, which still emits
   * `damage` and `gap`. The stream is destroyed at the end, and when the loop breaks off. The loop
   * throws the error that would destroy the stream.
   *
   * @throws TypeError if the stream is already being read in any way
   */
  batches(): AsyncGenerator<ArchiveRecord[], void, undefined> {
    if (this.#use !== 'none')
      throw new TypeError('stream is already being read, batches() must come first');
    this.#use = 'batches';
    this.#leaveErrorsToLoop();
    return this.#giveBatches();
  }

  /**
   * The records, one by one. If nothing has read the stream yet, this is 1.6 times as fast for
   * small records as Readable's own iterator, which otherwise yields the rest of the records.
   */
  override [Symbol.asyncIterator](): ItemIterator<ArchiveRecord> {
    if (this.#use === 'none') {
      this.#use = 'loop';
      this.#leaveErrorsToLoop();
      this.#loop = new RecordIterator(this.#giveToLoop(), () => this.destroy());
    }
    return this.#loop ?? super[Symbol.asyncIterator]();
  }

  override _read(): void {
    if (this.#use === 'filling') return;
    if (this.#use === 'batches' || this.#use === 'loop') {
      const user = this.#use === 'batches' ? 'batches()' : 'a loop';
      this.destroy(new TypeError(`stream is already being read by ${user}`));
      return;
    }
    this.#use = 'filling';
    this.#fill().catch(async (error) => {
      await waitUntilTaken(this);
      this.destroy(error);
    });
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#ending.abort();
    this.#loop?.drop();
    // This closes the file after a pending read has returned.
    this.#batches.return(undefined).then(
      () => callback(error),
      (failure) => callback(error ?? failure),
    );
  }

  /** Emits in a tick of its own, so that an error of a listener does not end up in `readSeries`. */
  #report<Name extends keyof ArchiveReaderEvents>(
    name: Name,
    ...args: ArchiveReaderEvents[Name]
  ): void {
    nextTick(() => {
      if (!this.emit(name, ...args)) this.#unheard[name]?.(...args);
    });
  }

  /** The loop throws the stream's errors. Without a listener they would also end the process. */
  #leaveErrorsToLoop(): void {
    this.on('error', () => undefined);
  }

  async *#giveBatches(): AsyncGenerator<ArchiveRecord[], void, undefined> {
    try {
      for await (const records of this.#batches) {
        if (this.destroyed) break;
        this.#given = records.at(-1);
        yield records;
      }
      // Each event has a tick of its own: those so far come before the end of the loop.
      await new Promise<void>((resolve) => nextTick(resolve));
    } catch (error) {
      // After `destroy`, the batches may fail only because of it.
      if (!this.destroyed) throw error;
    } finally {
      this.destroy();
    }
    if (this.errored !== null) throw this.errored;
  }

  /** Ends like Readable's own iterator, with the events `end` and `close`. */
  async *#giveToLoop(): AsyncGenerator<ArchiveRecord[], void, undefined> {
    try {
      yield* this.#batches;
      if (!this.destroyed) this.push(null);
      this.resume();
    } catch (error) {
      this.destroy(asError(error));
    }
    await finished(this);
  }

  async #fill(): Promise<void> {
    while (!this.destroyed) {
      while (this.#pushed < this.#batch.length) {
        if (this.push(this.#batch[this.#pushed++])) continue;
        this.#use = 'records';
        return;
      }
      const next = await this.#batches.next();
      if (next.done) {
        this.push(null);
        return;
      }
      this.#keepBuffered();
      this.#batch = next.value;
      this.#pushed = 0;
    }
  }

  /** Keeps the batches of which records are buffered, and one more. */
  #keepBuffered(): void {
    const earlier = [...this.#earlier, this.#batch];
    let records = 0;
    const first = earlier.findLastIndex((batch) => {
      records += batch.length;
      return records > this.readableLength;
    });
    this.#earlier = earlier.slice(Math.max(first, 0));
  }

  /** The last record that was pushed and is no longer buffered. */
  #takenFromBuffer(): ArchiveRecord | undefined {
    let index = this.#pushed - this.readableLength - 1;
    if (index >= 0) return this.#batch[index];
    for (const batch of this.#earlier.toReversed()) {
      index += batch.length;
      if (index >= 0) return batch[index];
    }
    return undefined;
  }
}

/** A `RollingReadStream`, whose records and events are typed. */
export type ArchiveReader = RollingReadStream;

/**
 * Creates a Readable of the records of all archives that `patterns` match; see `RollingReadStream`.
 */
export function createArchiveReader(
  patterns: SeriesPatterns,
  options?: RollingReadOptions,
): ArchiveReader {
  return new RollingReadStream(patterns, options);
}
