import type { FileLayer } from '../files/file-layer.js';
import { isMissing } from '../files/system-error.js';
import { createGlobMatcher } from '../series/names/glob-matcher.js';
import type { Clock, Timer } from '../streams/clock.js';
import { orphanOf } from '../writing/recovery/directory-recovery.js';
import type { PartitionFolders } from './partition-folders.js';

export interface PartitionRecoveryOptions {
  readonly folders: PartitionFolders;
  /** How many partitions to recover at a time. */
  readonly concurrency: number;
  /** The glob of the archives' names. */
  readonly pattern: string;
  readonly files: FileLayer;
  readonly clock: Clock;
  /** Ends all recovery. */
  readonly signal: AbortSignal;
  /** Queues the sealed archives that earlier writers left in a folder. */
  readonly takeLeft: (folder: string) => Promise<void>;
  /** Recovers the archives that earlier writers left open in a folder, if these have ended. */
  readonly recover: (folder: string) => Promise<void>;
  /** Nothing is left to recover in a folder. */
  readonly onRecovered: (folder: string) => void;
  /** @param folder the one that could not be recovered; empty if the folders could not be listed */
  readonly onFailed: (folder: string, error: unknown) => void;
}

/** How often to look again at archives whose writers seemed to live: a killed one's leases go stale. */
const AGAIN_MS = 10_000;

/**
 * Recovers what earlier writers left in all partitions, while records are written. Looks again and
 * again at archives whose owners seem to live, until these have sealed them, or died.
 */
export class PartitionRecovery {
  readonly #options: PartitionRecoveryOptions;
  readonly #isOfSeries: (name: string) => boolean;
  /** The folders that were listed so far; undefined once all of them are. */
  #claims: Map<string, Promise<void>> | undefined = new Map();
  /** Archives that others have open, by their folder. */
  readonly #watched = new Map<string, readonly string[]>();
  #running: Promise<void> = Promise.resolve();
  #timer: Timer | undefined;

  constructor(options: PartitionRecoveryOptions) {
    this.#options = options;
    this.#isOfSeries = createGlobMatcher(options.pattern);
  }

  start(): void {
    this.#running = this.#recoverAll();
  }

  /**
   * Lists what earlier writers left in a folder, unless that was done: a new writer's archives must not
   * count as theirs.
   */
  async claim(folder: string): Promise<void> {
    const claims = this.#claims;
    if (claims === undefined) return;
    const claimed = claims.get(folder) ?? this.#options.takeLeft(folder);
    claims.set(folder, claimed);
    try {
      await claimed;
    } catch (error) {
      claims.delete(folder);
      throw error;
    }
  }

  /** Settles when all folders are recovered, except the archives of writers that seem to live. */
  async idle(): Promise<void> {
    await this.#running;
  }

  /** Looks at no more folders. Settles when what was begun has ended; the signal must have aborted. */
  async stop(): Promise<void> {
    this.#timer?.cancel();
    await this.#running;
  }

  async #recoverAll(): Promise<void> {
    const { concurrency, folders, onFailed, signal } = this.#options;
    const found = folders.find();
    const work = async () => {
      for await (const folder of takeTurns(found)) {
        if (signal.aborted) return;
        await this.#recover(folder);
      }
    };
    try {
      await Promise.all(Array.from({ length: concurrency }, work));
    } catch (error) {
      onFailed('', error);
    }
    this.#claims = undefined;
    this.#lookAgainLater();
  }

  async #recover(folder: string): Promise<void> {
    const { onFailed, onRecovered, recover } = this.#options;
    try {
      const open = this.#watched.get(folder) ?? (await this.#listOpen(folder));
      await this.claim(folder);
      if (open.length > 0) await recover(folder);
      const still = new Set(open.length > 0 ? await this.#listOpen(folder) : []);
      const left = open.filter((name) => still.has(name));
      if (left.length > 0) this.#watched.set(folder, left);
      else {
        this.#watched.delete(folder);
        onRecovered(folder);
      }
    } catch (error) {
      onFailed(folder, error);
    }
  }

  /** The names of open archives, and of what an interrupted recovery left. */
  async #listOpen(folder: string): Promise<string[]> {
    const { files, folders } = this.#options;
    try {
      const entries = await files.readdir(folders.pathOf(folder));
      const orphans = entries.flatMap((entry) => (entry.isFile() && orphanOf(entry.name)) || []);
      return [...new Set(orphans)].filter((name) => this.#isOfSeries(name));
    } catch (error) {
      if (isMissing(error)) return [];
      throw error;
    }
  }

  #lookAgainLater(): void {
    const { clock, signal } = this.#options;
    if (this.#watched.size === 0 || signal.aborted) return;
    this.#timer = clock.setTimer(() => {
      this.#running = this.#lookAgain();
    }, AGAIN_MS);
  }

  async #lookAgain(): Promise<void> {
    for (const folder of [...this.#watched.keys()]) {
      if (!this.#options.signal.aborted) await this.#recover(folder);
    }
    this.#lookAgainLater();
  }
}

/** The items of an iterator that several loops share. */
async function* takeTurns<Item>(items: AsyncGenerator<Item>): AsyncGenerator<Item> {
  // Not `yield*`: a loop that ends early would end the iterator of the others.
  for (let item = await items.next(); !item.done; item = await items.next()) yield item.value;
}
