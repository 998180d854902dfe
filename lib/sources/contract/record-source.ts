import { EventEmitter } from 'node:events';

import type { RecordInput } from '../../codec/records/record-input.js';
import type { RecordError } from '../../errors/record-error.js';
import { createWarnOnce } from '../../errors/warn-once.js';
import type { TypedEvents } from '../../streams/typed-events.js';
import type { ArchivedAt, ArchivedSearch } from '../../writing/sequences/find-archived-record.js';

/**
 * Positions that a series will never give: a range of records that the source no longer has, or
 * that a lost disk had.
 */
export interface LostPositions {
  /** The `path` of the series. */
  readonly series: string;
  /** The first position. */
  readonly from: number;
  /** The position after the last one. */
  readonly to: number;
  /**
   * `expired`: the source had deleted the records before they were archived. `spool`: they were
   * acknowledged, and are in no archive that this process can see.
   */
  readonly reason: 'expired' | 'spool';
  /**
   * With `spool`: the other archiver that acknowledged them. They are lost only if its disk is, and
   * are not counted in `stats()`.
   */
  readonly holder?: string;
}

/** A message that no record can hold, and that is skipped: see `invalid: 'skip'`. */
export interface InvalidMessage {
  /** The `path` of the series. */
  readonly series: string;
  readonly position: number;
  /** The message as a record. */
  readonly record: RecordInput;
  /** The fault of the record. */
  readonly reason: RecordError;
}

/** The events of a source. */
export interface SourceEvents {
  /**
   * A message is skipped, before it is acknowledged. A listener may keep it: if it throws, the
   * message is not acknowledged, and the archiving ends with that error.
   */
  readonly invalid: [skipped: InvalidMessage];
  /** Records are lost. Without a listener, this is a warning of the process (`SHOEBOX_LOST`). */
  readonly lost: [lost: LostPositions];
}

/** Counts of what a source has given so far. */
export interface SourceStats {
  /** Records taken by writers, those that were archived already included. */
  readonly records: number;
  /** Records that no writer can archive: see `invalid: 'skip'`. */
  readonly skipped: number;
  /** The series that are open now. */
  readonly series: number;
  /** Requests that acknowledged positions. */
  readonly acknowledgements: number;
  /** Positions reported as lost. Some of them may never have had a record. */
  readonly lost: number;
}

/** What `createArchiveWriter` needs to know about a series. Spread it into the writer's options. */
export interface SeriesWriterSettings {
  /** Names the series, if its records have numbers of their own. */
  readonly writerId?: string | Uint8Array;
  readonly sequences?: 'given';
  readonly createDirectory: true;
}

/** Records of a source in one order: those of a partition, a stream or a queue. */
export interface SourceSeries {
  /** A relative path that no other series of the source has, such as `orders/0`; safe below any directory. */
  readonly path: string;
  /** Options for the writer of the series. */
  readonly options: SeriesWriterSettings;
}

/** Every record of a series up to a position is safe. */
export interface SafePosition {
  readonly series: SourceSeries;
  readonly position: number;
}

/** Takes the records of one series. A source calls its methods in the order of the records. */
export interface SeriesIntake {
  /**
   * Takes a record at once. Positions grow, or jump back when the source gives records again; such
   * a record is taken again, and a position is never acknowledged before it.
   *
   * @returns whether there is room for the next record; if not, call `ready` first
   */
  take(position: number, record: RecordInput): boolean;
  /** Settles when there is room, or the series has ended. Cheap when there is room. */
  ready(): Promise<void>;
  /** Looks a position up in the archives of the series. Undefined if the writer cannot look. */
  findArchived(position: number, search?: ArchivedSearch): Promise<ArchivedAt | undefined>;
  /**
   * The source gives no more records of the series, because another process does. No position is
   * acknowledged from now on. Records that were taken are sealed and shipped meanwhile.
   */
  release(): void;
}

/** Where a source delivers. */
export interface SourceTarget {
  /**
   * Opens the writer of a series. If it is open, gives the same intake.
   *
   * @throws what the caller's function throws; then the source need not report it
   */
  open(series: SourceSeries): Promise<SeriesIntake>;
  /** The source cannot continue. Only the first error counts. */
  fail(error: unknown): void;
}

/** `EventEmitter` itself, with types for the events of a source. */
const EventedSource: new () => TypedEvents<SourceEvents> & EventEmitter = EventEmitter;

/**
 * Where records come from: a broker's topics, a stream, a queue. `archiveFrom` drives it: `start`,
 * then acknowledgements while records are delivered, then `stop`, the last acknowledgements, and
 * `close`. A source is used once.
 */
export abstract class RecordSource extends EventedSource {
  /** For messages: `kafka group billing`. */
  abstract readonly name: string;
  /**
   * How long safe positions are collected before they are acknowledged in one request, in ms. With
   * 0 they are acknowledged as soon as they are safe, for a source that waits for that.
   */
  abstract readonly acknowledgeIntervalMs: number;
  /** Changed by `archiveFrom`. */
  readonly counts = { records: 0, skipped: 0, series: 0, acknowledgements: 0, lost: 0 };
  readonly #warn = createWarnOnce();

  /** Connects, and begins to deliver. Settles when it has begun. */
  abstract start(target: SourceTarget): Promise<void>;

  /**
   * Acknowledges positions, each of another series. One request is under way at a time. A rejection
   * ends the archiving; a request that is refused only because a series has moved to another
   * process must not reject.
   */
  abstract acknowledge(positions: readonly SafePosition[]): Promise<void>;

  /** Delivers no more records. Positions may still be acknowledged. Called also if `start` failed. */
  abstract stop(): Promise<void>;

  /** Disconnects. Called once, after `stop`. */
  abstract close(): Promise<void>;

  stats(): SourceStats {
    return { ...this.counts };
  }

  /** Reports records that are lost. */
  protected reportLost(lost: LostPositions): void {
    const { from, holder, reason, series, to } = lost;
    if (holder === undefined) this.counts.lost += to - from;
    if (this.emit('lost', lost)) return;
    const range = `positions ${from} to ${to - 1} of ${series}`;
    const what = holder === undefined ? `${range} are lost` : `${range} are not archived here`;
    const why = {
      expired: 'they expired before they were archived',
      spool: `${holder ?? 'this archiver'} has acknowledged them, and must have them on its disk`,
    }[reason];
    this.#warn('SHOEBOX_LOST', series, `${what}: ${why} (the source's event "lost" reports all)`);
  }
}
