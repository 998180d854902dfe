import { isBytes } from '../codec/bytes/is-bytes.js';
import type { RecordInput } from '../codec/records/record-input.js';
import { BacklogFullError } from '../errors/backlog-full-error.js';
import { RecordError } from '../errors/record-error.js';
import type { Clock } from '../streams/clock.js';
import { Waiters } from '../streams/waiters.js';
import type { CloseOptions, CloseResult } from '../writing/close-options.js';
import type { ArchivedAt, ArchivedSearch } from '../writing/sequences/find-archived-record.js';
import type { RecordSource, SeriesIntake, SourceSeries } from './contract/record-source.js';
import {
  type AckLevel,
  createSafePositions,
  type SafePositions,
} from './contract/safe-positions.js';
import type { SeriesWriter } from './contract/series-writer.js';

export interface SeriesArchiverOptions {
  readonly source: RecordSource;
  readonly series: SourceSeries;
  readonly writer: SeriesWriter;
  readonly level: AckLevel;
  readonly invalid: 'fail' | 'skip';
  readonly clock: Clock;
  /** More positions are safe. */
  readonly onSafe: () => void;
  readonly onReleased: () => void;
  /** The series cannot be archived. */
  readonly onFailed: (error: unknown) => void;
}

/** After so many records, or bytes of them, the source must ask whether there is room. */
const RECORDS_PER_CHECK = 512;
const BYTES_PER_CHECK = 2 ** 18;

interface TakenRecord {
  readonly position: number;
  readonly record: RecordInput;
}

/** Writes the records of one series, and knows up to which position they are safe. */
export class SeriesArchiver implements SeriesIntake {
  readonly series: SourceSeries;
  readonly #options: SeriesArchiverOptions;
  readonly #positions: SafePositions;
  /** Woken when positions are open, and at the end. */
  readonly #changes = new Waiters();
  readonly #advanced: Promise<void>;
  #state: 'open' | 'released' | 'closing' | 'closed' = 'open';
  #safe = Number.NEGATIVE_INFINITY;
  #acknowledged = Number.NEGATIVE_INFINITY;
  #uncheckedRecords = 0;
  #uncheckedBytes = 0;
  /** A record that the writer has no room for. */
  #held: TakenRecord | undefined;
  #endPause = () => {};

  constructor(options: SeriesArchiverOptions) {
    this.#options = options;
    this.series = options.series;
    this.#positions = createSafePositions(options.level);
    options.writer.on('error', (error) => this.#fail(error));
    this.#advanced = this.#advance();
  }

  take(position: number, record: RecordInput): boolean {
    if (this.#state !== 'open') return true;
    if (this.#held !== undefined) throw new Error('take was called before ready had settled');
    this.#uncheckedRecords++;
    this.#uncheckedBytes += bytesOf(record);
    this.#append({ position, record });
    const { records, bytes } = { records: this.#uncheckedRecords, bytes: this.#uncheckedBytes };
    return this.#held === undefined && records < RECORDS_PER_CHECK && bytes < BYTES_PER_CHECK;
  }

  async ready(): Promise<void> {
    await this.#options.writer.ready();
    this.#uncheckedRecords = 0;
    this.#uncheckedBytes = 0;
    const held = this.#held;
    if (held === undefined) return;
    this.#held = undefined;
    if (this.#state === 'open') this.#append(held);
    if (this.#held !== undefined) await this.ready();
  }

  async findArchived(position: number, search?: ArchivedSearch): Promise<ArchivedAt | undefined> {
    return await this.#options.writer.findArchived?.(position, search);
  }

  release(): void {
    if (this.#state !== 'open') return;
    this.#state = 'released';
    this.#changes.end();
    this.#options.onReleased();
  }

  /** The last position that is safe with all before it, if it was not taken before. */
  takeSafePosition(): number | undefined {
    if (this.#state === 'released' || this.#safe <= this.#acknowledged) return undefined;
    this.#acknowledged = this.#safe;
    return this.#safe;
  }

  /** Seals and ships what was taken. Positions that get safe meanwhile are reported. */
  async close(options: CloseOptions): Promise<CloseResult> {
    if (this.#state === 'open') this.#state = 'closing';
    this.#endPause();
    try {
      return await this.#options.writer.close(options);
    } finally {
      if (this.#state === 'closing') this.#state = 'closed';
      this.#changes.end();
      await this.#advanced;
    }
  }

  #append({ position, record }: TakenRecord): void {
    const { invalid, source, writer } = this.#options;
    const wasOpen = this.#positions.isOpen;
    try {
      this.#positions.add(position, writer.append(record));
      source.counts.records++;
    } catch (error) {
      if (error instanceof BacklogFullError) {
        this.#held = { position, record };
        return;
      }
      const reason = error instanceof RecordError ? this.#locate(error, position) : error;
      if (invalid === 'fail' || !(reason instanceof RecordError)) {
        this.#fail(reason);
        return;
      }
      try {
        source.emit('invalid', { series: this.series.path, position, record, reason });
      } catch (failure) {
        this.#fail(failure);
        return;
      }
      this.#positions.add(position, undefined);
      source.counts.skipped++;
    }
    if (!wasOpen) this.#changes.wakeAll();
  }

  /** Says which message cannot be archived. */
  #locate(cause: RecordError, position: number): RecordError {
    const where = `it is position ${position} of ${this.series.path}`;
    return new RecordError(cause.field, `${cause.problem}: ${where}`, { cause });
  }

  /** Finds out which positions are safe, until the series has ended. */
  async #advance(): Promise<void> {
    for (;;) {
      while (!this.#positions.isOpen) {
        if (this.#state === 'released' || this.#state === 'closed') return;
        await this.#changes.next();
      }
      await this.#pause();
      try {
        const position = await this.#positions.next();
        // A source that gives records again must not have its position taken back.
        if (position === undefined || position <= this.#safe) continue;
        this.#safe = position;
      } catch (error) {
        // After the end, what is not safe stays with the source.
        if (this.#state === 'open') this.#fail(error);
        return;
      }
      if (this.#state === 'released') return;
      this.#options.onSafe();
    }
  }

  /** Collects positions, so that one sync serves many. */
  async #pause(): Promise<void> {
    const { clock, source } = this.#options;
    const { acknowledgeIntervalMs } = source;
    if (acknowledgeIntervalMs === 0 || this.#state !== 'open') return;
    await new Promise<void>((resolve) => {
      const timer = clock.setTimer(resolve, acknowledgeIntervalMs);
      this.#endPause = () => {
        timer.cancel();
        resolve();
      };
    });
  }

  #fail(error: unknown): void {
    // Nothing of a released series is acknowledged.
    if (this.#state !== 'released') this.#options.onFailed(error);
  }
}

function bytesOf(record: RecordInput): number {
  const payload = typeof record === 'string' || isBytes(record) ? record : record.payload;
  return typeof payload === 'string' || isBytes(payload) ? payload.length : 0;
}
