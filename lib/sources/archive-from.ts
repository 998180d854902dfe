import { asError } from '../errors/as-error.js';
import { show } from '../errors/show.js';
import { createWarnOnce } from '../errors/warn-once.js';
import { type OptionNames, readOptions } from '../format/option-names.js';
import { checkClock, checkSignal, parseChoice } from '../format/option-values.js';
import { type Clock, systemClock } from '../streams/clock.js';
import { keepAliveUntil } from '../streams/keep-alive.js';
import { Acknowledger } from './acknowledger.js';
import type {
  RecordSource,
  SeriesIntake,
  SourceSeries,
  SourceStats,
  SourceTarget,
} from './contract/record-source.js';
import type { AckLevel } from './contract/safe-positions.js';
import type { SeriesWriter } from './contract/series-writer.js';
import { SeriesArchiver } from './series-archiver.js';

/** How `archiveFrom` acknowledges, and when it ends. */
export interface ArchiveFromOptions {
  /**
   * When a record is safe, so that the source may forget it: `'synced'`, when it is on this
   * machine's disk; `'shipped'`, when the store has confirmed its archive, which the loss of this
   * machine cannot undo. `'shipped'` needs writers with `ship`, and a source that lets as many
   * records be unacknowledged as an archive holds. @default 'synced'
   */
  readonly ack?: 'synced' | 'shipped' | undefined;
  /** Ends the archiving when it aborts: everything taken is sealed, shipped and acknowledged. */
  readonly signal?: AbortSignal | undefined;
  /**
   * What to do about a message that no record can hold: `'fail'` ends with a `RecordError`, and the
   * message stays with the source; `'skip'` emits `invalid` of the source, acknowledges it and counts
   * it in `source.stats().skipped`. @default 'fail'
   */
  readonly invalid?: 'fail' | 'skip' | undefined;
  /** How long the end may wait for the store, in ms: see `close` of a writer. @default the writers' endTimeout */
  readonly deadlineMs?: number | undefined;
  /** The source of time, and of timers. @default systemClock */
  readonly clock?: Clock | undefined;
}

const ARCHIVE_FROM_OPTION_NAMES: OptionNames<ArchiveFromOptions> = {
  ack: true,
  signal: checkSignal,
  invalid: true,
  deadlineMs: true,
  clock: checkClock,
};

/** The state when `archiveFrom` settles. Everything is sealed on disk. */
export interface ArchivedFrom extends SourceStats {
  /**
   * Paths of archives that are not in the store, which the next writer of their directory ships. With
   * `ack: 'shipped'` their records are not acknowledged, and come again.
   */
  readonly left: readonly string[];
}

/** Creates the writer of a series: `createArchiveWriter({ directory: join(root, series.path), ...series.options })`. */
export type CreateSeriesWriter = (series: SourceSeries) => SeriesWriter | Promise<SeriesWriter>;

/**
 * Archives the records of a source until `signal` aborts. A position is acknowledged only when all
 * records up to it are as safe as `ack` says: so none is lost, whatever crashes. Records of a source
 * that numbers them (Kafka, NATS JetStream) come back after a crash under the same identity, and
 * readers emit each once; records of a queue (RabbitMQ) may be archived twice.
 *
 * @param createWriter called for each series when its first record comes; the writer must not be
 *   used for anything else, and is closed at the end
 * @throws what the source, a writer or `createWriter` fails with, after everything that was taken is
 *   sealed and what is safe is acknowledged; TypeError for an invalid option
 */
export async function archiveFrom(
  source: RecordSource,
  createWriter: CreateSeriesWriter,
  given?: ArchiveFromOptions,
): Promise<ArchivedFrom> {
  const {
    clock = systemClock,
    deadlineMs,
    signal,
    ...options
  } = readOptions(given, ARCHIVE_FROM_OPTION_NAMES);
  if (typeof source?.start !== 'function') {
    throw new TypeError(
      `source is ${show(source)}, expected one such as createKafkaSource returns`,
    );
  }
  if (typeof createWriter !== 'function') {
    throw new TypeError(`createWriter is ${show(createWriter)}, expected a function`);
  }
  const archiving = new Archiving(source, createWriter, {
    clock,
    level: parseChoice('ack', options.ack, ['synced', 'shipped']),
    invalid: parseChoice('invalid', options.invalid, ['fail', 'skip']),
  });
  return await keepAliveUntil(archiving.run(signal, deadlineMs));
}

interface ArchivingOptions {
  readonly clock: Clock;
  readonly level: AckLevel;
  readonly invalid: 'fail' | 'skip';
}

class Archiving implements SourceTarget {
  readonly #source: RecordSource;
  readonly #createWriter: CreateSeriesWriter;
  readonly #options: ArchivingOptions;
  readonly #acknowledger: Acknowledger;
  /** By path. */
  readonly #open = new Map<string, Promise<SeriesArchiver>>();
  /** Released series whose writers seal and ship. */
  readonly #closing = new Set<Promise<readonly string[]>>();
  #left: readonly string[] = [];
  readonly #warn = createWarnOnce();
  #failure: Error | undefined;
  /** Settles when the archiving must end. */
  #end = () => {};
  readonly #ended = new Promise<void>((resolve) => {
    this.#end = resolve;
  });

  constructor(source: RecordSource, createWriter: CreateSeriesWriter, options: ArchivingOptions) {
    this.#source = source;
    this.#createWriter = createWriter;
    this.#options = options;
    this.#acknowledger = new Acknowledger(source, options.clock, (error) => this.fail(error));
  }

  async run(
    signal: AbortSignal | undefined,
    deadlineMs: number | undefined,
  ): Promise<ArchivedFrom> {
    signal?.addEventListener('abort', this.#end);
    if (signal?.aborted) this.#end();
    try {
      await this.#start();
      await this.#ended;
      await this.#attempt(() => this.#source.stop());
      await this.#closeAll(deadlineMs);
      await this.#attempt(() => this.#acknowledger.finish());
    } finally {
      signal?.removeEventListener('abort', this.#end);
      await this.#attempt(() => this.#source.close());
    }
    if (this.#failure !== undefined) throw this.#failure;
    return { ...this.#source.stats(), left: this.#left };
  }

  open(series: SourceSeries): Promise<SeriesIntake> {
    const known = this.#open.get(series.path);
    if (known !== undefined) return known;
    const opening = this.#openSeries(series);
    this.#open.set(series.path, opening);
    this.#source.counts.series++;
    opening.catch((error) => this.fail(error));
    return opening;
  }

  fail(error: unknown): void {
    this.#failure ??= asError(error);
    this.#end();
  }

  async #start(): Promise<void> {
    const started = this.#attempt(() => this.#source.start(this));
    // A source that cannot connect must not hold the end.
    await Promise.race([started, this.#ended]);
  }

  async #openSeries(series: SourceSeries): Promise<SeriesArchiver> {
    const writer = await this.#createWriter(series);
    const archiver: SeriesArchiver = new SeriesArchiver({
      ...this.#options,
      ...{ source: this.#source, series, writer },
      onSafe: () => this.#acknowledger.add(archiver),
      onReleased: () => this.#release(archiver),
      onFailed: (error) => this.fail(error),
    });
    return archiver;
  }

  #release(archiver: SeriesArchiver): void {
    const { path } = archiver.series;
    this.#open.delete(path);
    this.#source.counts.series--;
    const closing = archiver.close({}).then(
      ({ left }) => left,
      (error) => {
        // Another process has the series now, and its records up to what is acknowledged are safe.
        this.#warn('SHOEBOX_FAILED', path, `closing ${path} failed: ${asError(error).message}`);
        return [];
      },
    );
    this.#closing.add(closing);
    void closing.then((left) => {
      this.#left = this.#left.concat(left);
      this.#closing.delete(closing);
    });
  }

  async #closeAll(deadlineMs: number | undefined): Promise<void> {
    const options = deadlineMs === undefined ? {} : { deadlineMs };
    const closed = Array.from(this.#open.values(), async (opening) => {
      const archiver = await opening.catch(() => undefined);
      const result = await archiver?.close(options);
      this.#left = this.#left.concat(result?.left ?? []);
    });
    const results = await Promise.allSettled([...closed, ...this.#closing]);
    const failed = results.find(({ status }) => status === 'rejected');
    if (failed?.status === 'rejected') this.fail(failed.reason);
  }

  async #attempt(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.fail(error);
    }
  }
}
