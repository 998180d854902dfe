import { basename } from 'node:path';

import { type RecordInput, sequenceOf } from '../codec/records/record-input.js';
import { ArchiveError } from '../errors/archive-error.js';
import { RecordError } from '../errors/record-error.js';
import { sequencesOf } from '../reading/sequences/indexed-sequences.js';
import { listLocalArchives } from '../series/listing/list-local-archives.js';
import { baseNameOf } from '../series/names/archive-state.js';
import type { FoundArchive } from '../series/opening/found-archive.js';
import { LocalArchive } from '../series/opening/local-archive.js';
import { isArchiveGone } from '../series/opening/open-archive.js';
import type { ArchiveFailure } from './handlers/archive-failure.js';
import { ArchiveProgress } from './receipts/archive-progress.js';
import type { ReceiptAnchor } from './receipts/receipt.js';
import { RECEIPT_LEVELS } from './receipts/receipt-level.js';
import type { StoreReceipts } from './receipts/store-receipts.js';
import type { Roller } from './rolling/roller.js';
import type { RollingWriteSettings } from './rolling-write-options.js';
import { type ArchivedSequences, findArchivedFrom } from './sequences/archived-sequences.js';
import {
  type ArchivedAt,
  type ArchivedSearch,
  findArchivedRecord,
} from './sequences/find-archived-record.js';
import { HeldSequences } from './sequences/held-sequences.js';
import { patternsOfSeries } from './series-locations.js';

/** The writer's options about sequences. */
export interface GivenSequencesSettings
  extends Pick<
    RollingWriteSettings,
    'sequences' | 'writerId' | 'directory' | 'template' | 'handlers' | 'shipper' | 'files' | 'clock'
  > {}

export interface GivenSequencesContext {
  readonly roller: Roller;
  /** Gets the archives of earlier writers that may become safer. */
  readonly receipts: StoreReceipts;
  /** Settles when the directory was looked at: what earlier writers left is listed. */
  readonly ready: Promise<void>;
  /** Ends the waiting: the writer must end. */
  readonly signal: AbortSignal;
  /** Records can be taken from now on. */
  readonly onKnown: () => void;
  /** The directory or the store did not say what it holds: records may be archived twice. */
  readonly onFailed: (failure: ArchiveFailure) => void;
}

/** Undefined if the writer numbers its records itself. */
export function createGivenSequences(
  settings: GivenSequencesSettings,
  context: GivenSequencesContext,
): GivenSequences | undefined {
  if (settings.sequences === 'own') return undefined;
  return new GivenSequences({ ...settings, ...context });
}

/**
 * How long the first record waits for a store that does not say what it holds. Not longer, because a
 * store that is down must not hold the source: records that are archived twice have one identity.
 * Also how long a store may take to answer about one archive, if all of them are looked at.
 */
const MOST_MS = 10_000;

/** How often archives are listed for one lookup, while they move. */
const MOST_ATTEMPTS = 5;

/**
 * Takes records that bring their own sequences, and passes over those that the series already
 * holds. It looks them up once, when the first record comes, in sealed archives of the
 * directory and of the store. Archives that a crash left open count from their recovery on.
 */
export class GivenSequences {
  /** Records that were not written, because the series already holds their sequences. */
  alreadyArchived = 0;
  readonly #options: GivenSequencesSettings & GivenSequencesContext;
  /** 16 hex digits. */
  readonly #writer: string;
  readonly #held = new HeldSequences();
  #state: 'idle' | 'looking' | 'known' = 'idle';

  constructor(options: GivenSequencesSettings & GivenSequencesContext) {
    this.#options = options;
    this.#writer = Buffer.from(options.writerId).toString('hex');
  }

  /** Whether a record must wait for the lookup of the sequences that the series holds. */
  mustWait(record: RecordInput): boolean {
    if (this.#state === 'idle') {
      const from = this.#sequenceIn(record);
      // `take` reports what is wrong with it.
      if (from === undefined) return false;
      this.#state = 'looking';
      void this.#lookUp(from);
    }
    return this.#state === 'looking';
  }

  /**
   * Writes a record, unless the series holds its sequence.
   *
   * @returns where it is
   * @throws RecordError
   */
  take(record: RecordInput): ReceiptAnchor {
    const { roller } = this.#options;
    const sequence = sequenceOf(record);
    const held = this.#held.find(sequence);
    if (held !== undefined) {
      this.alreadyArchived++;
      return held;
    }
    roller.add(record, sequence);
    const anchor = roller.lastAnchor();
    this.#held.forget(sequence);
    this.#held.add(sequence, sequence + 1, anchor);
    return anchor;
  }

  /**
   * What sealed and open archives hold around a sequence.
   *
   * @returns undefined if the directory or the store does not say
   */
  async findArchived(
    sequence: number,
    { among = 'latest' }: ArchivedSearch = {},
  ): Promise<ArchivedAt | undefined> {
    await this.#options.ready;
    return await this.#withinTime(async (signal, onAnswer) => {
      const options = among === 'all' ? { among, onLooked: onAnswer } : { among };
      for (let attempt = 1; ; attempt++) {
        const archives = await this.#listAll(signal);
        try {
          const found = await findArchivedRecord(archives, this.#writer, sequence, signal, options);
          const isEnough = among === 'latest' || (found.end ?? 0) >= sequence;
          if (isEnough || attempt === MOST_ATTEMPTS) return found;
          // A listing may miss an archive that gets another name meanwhile.
          const known = new Set(archives.map(({ path }) => path));
          const listed = await this.#listAll(signal);
          if (listed.every(({ path }) => known.has(path))) return found;
        } catch (error) {
          // Shipped or recovered between the listing and the look.
          if (attempt === MOST_ATTEMPTS || !isArchiveGone(error)) throw error;
        }
      }
    });
  }

  /** An archive that an earlier writer had left open is sealed now. */
  async recovered(path: string): Promise<void> {
    const { files } = this.#options;
    const archive = new LocalArchive(path, files);
    try {
      this.#addArchive({ archive, ranges: await sequencesOf(archive, this.#writer) });
    } catch (error) {
      this.#fail(error);
    }
  }

  #sequenceIn(record: RecordInput): number | undefined {
    try {
      return sequenceOf(record);
    } catch (error) {
      if (error instanceof RecordError) return undefined;
      throw error;
    }
  }

  async #lookUp(from: number): Promise<void> {
    try {
      await this.#options.ready;
      // Local archives first: one that is shipped meanwhile is then found in the store.
      const local = await this.#find(from, () => this.#listLocal());
      const stored = await this.#find(from, (signal) => this.#listStored(signal));
      for (const found of [...(stored ?? []), ...(local ?? [])]) this.#addArchive(found);
    } catch {
      // The writer fails with the reason, or it ends.
    }
    this.#state = 'known';
    this.#options.onKnown();
  }

  async #find(
    from: number,
    list: (signal: AbortSignal) => Promise<readonly FoundArchive[]>,
  ): Promise<readonly ArchivedSequences[] | undefined> {
    return await this.#withinTime(async (signal) =>
      findArchivedFrom(await list(signal), this.#writer, from, signal),
    );
  }

  /**
   * @param look calls `onAnswer` when it may take as long again
   * @returns undefined if it fails or takes too long, which is reported
   */
  async #withinTime<Found>(
    look: (signal: AbortSignal, onAnswer: () => void) => Promise<Found>,
  ): Promise<Found | undefined> {
    const { clock, signal } = this.#options;
    const ending = new AbortController();
    const abort = () => ending.abort(signal.reason);
    const late = new Error(`no answer within ${MOST_MS} ms`);
    const setTimer = () => clock.setTimer(() => ending.abort(late), MOST_MS);
    let timer = setTimer();
    signal.addEventListener('abort', abort);
    if (signal.aborted) abort();
    try {
      return await look(ending.signal, () => {
        timer.cancel();
        timer = setTimer();
      });
    } catch (error) {
      if (!signal.aborted) this.#fail(ending.signal.aborted ? ending.signal.reason : error);
      return undefined;
    } finally {
      timer.cancel();
      signal.removeEventListener('abort', abort);
    }
  }

  /** Local archives first: one that is shipped meanwhile is then found in the store. */
  async #listAll(signal: AbortSignal): Promise<FoundArchive[]> {
    return [...(await this.#listLocal()), ...(await this.#listStored(signal))];
  }

  async #listLocal(): Promise<FoundArchive[]> {
    const { directory, files, handlers, template } = this.#options;
    const patterns = patternsOfSeries({ directory, names: template.pattern }, handlers).filter(
      (pattern) => typeof pattern === 'string',
    );
    const paths = await listLocalArchives(patterns, { files, allowEmpty: true });
    const own = paths.filter(
      (path) => !template.holdsWriter || basename(path).includes(this.#writer),
    );
    return own.map((path) => new LocalArchive(path, files));
  }

  async #listStored(signal: AbortSignal): Promise<readonly FoundArchive[]> {
    return (await this.#options.shipper?.listArchivesOf?.(this.#writer, signal)) ?? [];
  }

  #fail(error: unknown): void {
    const { directory, onFailed } = this.#options;
    const archive = { path: directory, name: basename(directory) };
    onFailed({ archive, operation: 'sequences', error });
  }

  #addArchive({ archive, ranges }: ArchivedSequences): void {
    if (ranges.length === 0) return;
    const anchor = { progress: this.#progressOf(archive), recordNumber: 0 };
    for (const { begin, end } of ranges) this.#held.add(begin, end, anchor);
  }

  #progressOf({ isStored, path }: FoundArchive): ArchiveProgress {
    const name = baseNameOf(basename(path));
    const progress = new ArchiveProgress();
    progress.archive = name;
    const levels = isStored ? RECEIPT_LEVELS : RECEIPT_LEVELS.slice(0, -1);
    for (const level of levels) progress.reach(level, Number.POSITIVE_INFINITY);
    if (isStored) return progress;
    if (this.#options.shipper !== undefined) this.#options.receipts.found(path, progress);
    else {
      const message = 'the record is not shipped: the writer has no option ship';
      progress.fail(['shipped'], new ArchiveError('ERR_NOT_SHIPPED', message));
    }
    return progress;
  }
}
