import { addAbortSignal, Readable } from 'node:stream';
import { finished } from 'node:stream/promises';

import type { SkippedDamage } from '../codec/frames/skipped-damage.js';
import type { ArchiveRecord } from '../codec/records/archive-record.js';
import { asError } from '../errors/as-error.js';
import { nodeFileLayer } from '../files/file-layer.js';
import { type SeriesPatterns, sortPatterns } from '../series/listing/series-patterns.js';
import type { SequenceGap } from '../series/opening/sequence-gap.js';
import { systemClock } from '../streams/clock.js';
import type { TypedEvents } from '../streams/typed-events.js';
import { waitUntilTaken } from '../streams/wait-until-taken.js';
import { readSeries } from './read-series.js';
import { RecordIterator } from './record-iterator.js';
import {
  checkReadOptions,
  parseLimit,
  parseWanted,
  type RollingReadOptions,
} from './rolling-read-options.js';

/** What a reader tells, beside what every Readable does. Listeners are not awaited. */
export interface ArchiveReaderEvents {
  /** With `whenDamaged: 'skip'`: bytes that were left out, before what is behind them is given. */
  readonly damage: [damage: SkippedDamage];
  /** Records are missing amid those of a writer. */
  readonly gap: [gap: SequenceGap];
}

/** Records decoded ahead of the reader; they are views, so that a record costs little. */
const RECORDS_AHEAD = 128;

/**
 * A Readable of the records (`ArchiveRecord`) of all archives that patterns match, one archive after the
 * other, whatever their state and version, on local disk and in stores; at most one file or object is open
 * at a time. Nothing is listed or opened before the first read, nor is the AWS SDK loaded.
 *
 * Within a writer records come by sequence, each once; writers are merged by the earliest time of their
 * next archive. Version 1 and JSON lines, which have no sequence, come first, in the natural order of
 * their names; of those with one name and the same bytes in several places, one is read. Objects of a
 * store come in the natural order of their names; see `order`.
 *
 * A local archive that is shipped between being listed and being read is read from the store, where one of
 * the patterns finds it there. A download that breaks goes on behind its last byte; a request that fails
 * eight times in a row is a `StoreError`.
 *
 * Damage is a `DamageError`, raised after every record before it was taken, however slow the reader. A
 * torn tail of an archive that is still open is its end. Events: see `ArchiveReaderEvents`.
 */
export class RollingReadStream extends Readable {
  readonly #batches: AsyncGenerator<ArchiveRecord[]>;
  /** Ends requests to a store, and the waits between them. */
  readonly #ending = new AbortController();
  #batch: readonly ArchiveRecord[] = [];
  /** Of the batch, what was pushed. */
  #pushed = 0;
  /** Who takes the batches; a series is read once, in one of these ways. */
  #use: 'none' | 'records' | 'filling' | 'batches' | 'loop' = 'none';
  #loop: RecordIterator | undefined;

  /** @throws TypeError or RangeError for a pattern or an option that makes no sense */
  constructor(patterns: SeriesPatterns, options: RollingReadOptions = {}) {
    super({ objectMode: true, highWaterMark: RECORDS_AHEAD });
    checkReadOptions(options);
    this.#batches = readSeries(sortPatterns(patterns, options.s3), {
      maxRecordBytes: options.maxRecordBytes,
      metadataKey: options.metadataKey,
      allowEmpty: options.allowEmpty ?? false,
      files: options.files ?? nodeFileLayer,
      retries: { clock: options.clock ?? systemClock, signal: this.#ending.signal },
      order: options.order ?? 'name',
      wanted: parseWanted(options),
      limit: parseLimit(options.limit),
      whenDamaged: options.whenDamaged ?? 'error',
      onDamage: (damage) => this.#tell('damage', damage),
      onGap: (gap) => this.#tell('gap', gap),
    });
    // Not by Readable's own option: a signal that has aborted would call `_destroy` before there is
    // anything to destroy.
    if (options.signal !== undefined) addAbortSignal(options.signal, this);
  }

  /**
   * The records in arrays, none of them empty, as they come from the archives: those of a block or several.
   * That is the fastest way to read, without a step of the stream for each record. In place of reading the
   * stream itself, whose events `damage` and `gap` come all the same; the stream is destroyed at the end,
   * and when the loop is left. What the stream would be destroyed with, the loop throws.
   *
   * @throws TypeError when the stream is read already, by whatever means
   */
  batches(): AsyncGenerator<ArchiveRecord[], void, undefined> {
    if (this.#use !== 'none') throw new TypeError('reader is read already, cannot give batches()');
    this.#use = 'batches';
    this.#leaveErrorsToLoop();
    return this.#giveBatches();
  }

  /**
   * The records, for a loop that begins to read the stream; as Readable's own, which gives the rest of one that
   * was begun otherwise, but 1.6 times as fast for small records.
   */
  override [Symbol.asyncIterator](): ReturnType<Readable[typeof Symbol.asyncIterator]> {
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
      const user = this.#use === 'batches' ? 'gives batches()' : 'is read by a loop';
      this.destroy(new TypeError(`reader ${user} already, cannot be read`));
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
    // Closes the file, once a read that is under way has come back.
    this.#batches.return(undefined).then(
      () => callback(error),
      (failure) => callback(error ?? failure),
    );
  }

  /** In a tick of its own: what a listener throws is not ours to catch. */
  #tell<Name extends keyof ArchiveReaderEvents>(
    name: Name,
    ...args: ArchiveReaderEvents[Name]
  ): void {
    process.nextTick(() => this.emit(name, ...args));
  }

  /** It throws them: without a listener they would end the process as well. */
  #leaveErrorsToLoop(): void {
    this.on('error', () => undefined);
  }

  async *#giveBatches(): AsyncGenerator<ArchiveRecord[], void, undefined> {
    try {
      for await (const records of this.#batches) {
        if (this.destroyed) break;
        yield records;
      }
    } catch (error) {
      // Once the stream is destroyed, what fails does so for that.
      if (!this.destroyed) throw error;
    } finally {
      this.destroy();
    }
    if (this.errored !== null) throw this.errored;
  }

  /** Ends as Readable's own iterator: with all that is told of the end of a stream. */
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
      this.#batch = next.value;
      this.#pushed = 0;
    }
  }
}

/** A `RollingReadStream` whose events are known by type. */
export type ArchiveReader = TypedEvents<ArchiveReaderEvents> & RollingReadStream;

/** A Readable of the records of all archives that `patterns` match; see `RollingReadStream`. */
export function createArchiveReader(
  patterns: SeriesPatterns,
  options?: RollingReadOptions,
): ArchiveReader {
  return new RollingReadStream(patterns, options);
}
