import { isDeepStrictEqual } from 'node:util';

import { SourceDivergedError } from '../../errors/source-diverged-error.js';
import { systemClock } from '../../streams/clock.js';
import type { ArchivedAt } from '../../writing/sequences/find-archived-record.js';
import type {
  LostPositions,
  SeriesIntake,
  SourceSeries,
  SourceTarget,
} from '../contract/record-source.js';
import type { KafkaBatch, KafkaBatchPayload } from './kafka-client.js';
import { type KafkaRecord, recordOf } from './kafka-record.js';
import type { ResumePoint } from './resume-points.js';

export interface KafkaPartitionOptions {
  readonly topic: string;
  readonly partition: number;
  readonly series: SourceSeries;
  /** The name of this process, as in `ResumePoint`. */
  readonly holder: string;
  readonly readLowWatermark: () => Promise<number>;
  readonly onLost: (lost: LostPositions) => void;
}

/** How long a batch waits for room, or for its writer, before its partition is paused. */
const PAUSE_AFTER_MS = 500;

/** Gives the records of one partition to its writer, and checks that none is missing before them. */
export class KafkaPartition {
  readonly topic: string;
  readonly partition: number;
  readonly #options: KafkaPartitionOptions;
  #intake: SeriesIntake | undefined;
  #onOpened = () => {};
  /** Settles when the partition is open, or will not be opened. */
  readonly #opened = new Promise<void>((resolve) => {
    this.#onOpened = resolve;
  });
  /** The archived record to compare the first record with; undefined after that. */
  #archived: { readonly at: number; readonly found: ArchivedAt } | undefined;
  /** The offset of the next fetch, if none of its records is missing. */
  #next: number | undefined;
  #state: 'opening' | 'open' | 'released' | 'stopped' = 'opening';
  /** Counts the assignments of the group. */
  #generation = 0;

  constructor(options: KafkaPartitionOptions) {
    this.#options = options;
    this.topic = options.topic;
    this.partition = options.partition;
  }

  get isOpening(): boolean {
    return this.#state === 'opening';
  }

  /**
   * Opens the writer, and compares what it has archived with what the broker has.
   *
   * @throws SourceDivergedError; what the function that creates the writer throws
   */
  async open(target: SourceTarget, resume: ResumePoint): Promise<void> {
    const intake = await target.open(this.#options.series);
    // The partition may have moved away meanwhile.
    if (this.#state === 'released') intake.release();
    if (this.#state !== 'opening') return;
    this.#intake = intake;
    await this.#compare(intake, resume);
    if (this.#state === 'opening') this.#state = 'open';
    this.#onOpened();
  }

  /** The group has a new assignment, which includes the partition. Records may come again. */
  rejoin(): void {
    this.#generation++;
    this.#next = undefined;
  }

  /** The partition has moved to another process. */
  release(): void {
    this.#generation++;
    this.#state = 'released';
    this.#intake?.release();
    this.#onOpened();
  }

  /** Takes no more records. */
  stop(): void {
    if (this.#state !== 'released') this.#state = 'stopped';
    this.#onOpened();
  }

  /**
   * Takes the records of a batch. If there is no room for all of them, the partition is paused, and
   * those that are left are fetched again.
   *
   * @throws SourceDivergedError; what a request to the broker fails with
   */
  async take(payload: KafkaBatchPayload): Promise<void> {
    // KafkaJS fetches nothing for a while after a pause, so a short wait comes first.
    if (this.#state === 'opening') await settlesSoon(this.#opened);
    const intake = this.#intake;
    if (this.#state !== 'open' || intake === undefined) {
      const resume = payload.pause();
      if (this.#state === 'opening') void this.#opened.then(resume);
      return;
    }
    const generation = this.#generation;
    await this.#checkBefore(payload.batch, intake);
    const isCurrent = () =>
      this.#generation === generation &&
      this.#state === 'open' &&
      payload.isRunning() &&
      !payload.isStale();
    if (!isCurrent()) return;
    const { lastOffset, messages } = payload.batch;
    let taken: string | undefined;
    let isPaused = false;
    for (const message of messages) {
      const offset = Number(message.offset);
      const hasRoom = intake.take(offset, recordOf(message, offset));
      taken = message.offset;
      if (hasRoom) continue;
      const ready = intake.ready();
      isPaused = !(await settlesSoon(ready));
      // KafkaJS has given the partition to another assignment, in which it may not exist.
      if (!isCurrent()) return;
      if (isPaused) {
        void ready.then(payload.pause(), () => undefined);
        break;
      }
      await payload.heartbeat();
      if (!isCurrent()) return;
    }
    if (taken === undefined) return;
    payload.resolveOffset(taken);
    const isWhole = taken === messages.at(-1)?.offset;
    this.#next = (isWhole ? Number(lastOffset.call(payload.batch)) : Number(taken)) + 1;
  }

  async #compare(intake: SeriesIntake, resume: ResumePoint): Promise<void> {
    const { committed, high, low } = resume;
    const { onLost, series } = this.#options;
    const at = committed ?? low;
    const found = await intake.findArchived(at);
    if (found === undefined) return;
    const { end } = found;
    if (end !== undefined && high < end) {
      const position = end - 1;
      const archived = (await intake.findArchived(position))?.record;
      const facts = { position, archived, received: undefined, end: high };
      throw new SourceDivergedError({ series: series.path, ...facts });
    }
    this.#archived = { at, found };
    let lost = this.#lossesBefore(resume, end);
    if (lost.some(({ holder }) => holder === undefined)) {
      // A search among the latest archives does not show that something is archived nowhere.
      const before = Math.max(committed ?? 0, low);
      const all = await intake.findArchived(before, { among: 'all' });
      lost = all === undefined ? [] : this.#lossesBefore(resume, all.end);
    }
    for (const positions of lost) onLost(positions);
    if (lost.some(({ reason }) => reason === 'expired')) this.#next = low;
  }

  /** @param end of what is archived */
  #lossesBefore(
    { committed, committedBy, low }: ResumePoint,
    end: number | undefined,
  ): LostPositions[] {
    const { holder, series } = this.#options;
    const lost: LostPositions[] = [];
    if (committed !== undefined && committedBy !== undefined && committed > (end ?? 0)) {
      const range = { series: series.path, from: end ?? 0, to: committed };
      const elsewhere = committedBy === holder ? {} : { holder: committedBy };
      lost.push({ ...range, reason: 'spool', ...elsewhere });
    }
    const expected = committed === undefined ? end : Math.max(committed, end ?? 0);
    if (expected !== undefined && low > expected) {
      lost.push({ series: series.path, from: expected, to: low, reason: 'expired' });
    }
    return lost;
  }

  /** Checks what comes before the first record of a batch, and the first record of all. */
  async #checkBefore(batch: KafkaBatch, intake: SeriesIntake): Promise<void> {
    const [first] = batch.messages;
    if (first === undefined) return;
    const offset = Number(first.offset);
    const fetched = Number(batch.fetchedOffset ?? offset);
    if (this.#next !== undefined && fetched > this.#next) await this.#checkExpired(fetched);
    if (this.#archived === undefined) return;
    const { at, found } = this.#archived;
    this.#archived = undefined;
    // Everything that is archived comes before it.
    if (found.end === undefined || offset >= found.end) return;
    const archived = (at === offset ? found : await intake.findArchived(offset))?.record;
    const received = recordOf(first, offset);
    if (archived === undefined || areSame(archived, received)) return;
    throw new SourceDivergedError({
      series: this.#options.series.path,
      position: offset,
      archived,
      received: { ...received, metadata: received.metadata ?? {} },
    });
  }

  /** The client has left out offsets: records that have expired, or what was never a record. */
  async #checkExpired(fetched: number): Promise<void> {
    const { onLost, readLowWatermark, series } = this.#options;
    const from = this.#next ?? fetched;
    const to = Math.min(await readLowWatermark(), fetched);
    if (to > from) onLost({ series: series.path, from, to, reason: 'expired' });
  }
}

function areSame(
  archived: {
    readonly payload: Uint8Array;
    readonly metadata: object;
    readonly timeMicros?: number | undefined;
  },
  received: KafkaRecord,
): boolean {
  return (
    received.payload.equals(archived.payload) &&
    archived.timeMicros === received.timeMicros &&
    isDeepStrictEqual({ ...archived.metadata }, { ...received.metadata })
  );
}

/** Whether a promise settles within a moment. */
async function settlesSoon(settling: Promise<void>): Promise<boolean> {
  let cancel = () => {};
  const late = new Promise<false>((resolve) => {
    const timer = systemClock.setTimer(() => resolve(false), PAUSE_AFTER_MS);
    timer.ref();
    cancel = () => timer.cancel();
  });
  try {
    return await Promise.race([settling.then(() => true as const), late]);
  } finally {
    cancel();
  }
}
