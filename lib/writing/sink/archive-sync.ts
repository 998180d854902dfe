import type { Clock, Timer } from '../../streams/clock.js';

/**
 * When what was written is made to last through a power loss, in the words of Redis's `appendfsync`: when
 * somebody waits for it, and besides that never, every second, or before a write's callback.
 */
export type SyncMode = 'no' | 'everysec' | 'always';

export interface ArchiveSyncOptions {
  readonly mode: SyncMode;
  readonly clock: Clock;
  /** Makes all bytes that were written before the call last. */
  sync(): Promise<void>;
  /** The archive's first `records` records last. */
  onSynced(records: number): void;
  onFailure(error: unknown): void;
}

const EVERY_SECOND_MS = 1000;

/** Syncs the file of one archive: one sync at a time, each for all who have waited for it. */
export class ArchiveSync {
  readonly #options: ArchiveSyncOptions;
  #written = 0;
  /** How many records the last sync is for that has begun. */
  #begun = 0;
  /** How many records are to be synced, beside those; increasing. */
  #wanted: number[] = [];
  #running: Promise<void> | null = null;
  #timer: Timer | undefined;
  #isStopped = false;

  constructor(options: ArchiveSyncOptions) {
    this.#options = options;
  }

  /** The archive's first `records` records are in the file now. */
  wrote(records: number): void {
    this.#written = records;
    const { clock, mode } = this.#options;
    if (mode === 'everysec' && !this.#isStopped) {
      this.#timer ??= clock.setTimer(() => this.#sinceASecond(), EVERY_SECOND_MS);
    }
    this.#begin();
  }

  /** Somebody waits for the first `records` records, which may not be written yet. */
  want(records: number): void {
    if (records <= (this.#wanted.at(-1) ?? this.#begun)) return;
    this.#wanted.push(records);
    this.#begin();
  }

  /** What is in the file is to be synced now, also where somebody waits for more than that. */
  wantWritten(): void {
    const [first = Number.POSITIVE_INFINITY] = this.#wanted;
    // The rest may be held back until this has made room for it.
    if (this.#written > this.#begun && this.#written < first) this.#wanted.unshift(this.#written);
    this.#begin();
  }

  /** No sync begins any more. Settles when the one under way has ended. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#timer?.cancel();
    await this.#running;
  }

  #sinceASecond(): void {
    this.#timer = undefined;
    this.wantWritten();
  }

  #begin(): void {
    if (this.#isStopped || this.#running !== null) return;
    const [first] = this.#wanted;
    // What is not written yet comes soon, for somebody waits for it: one sync then does for both.
    if (first === undefined || first > this.#written) return;
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#running = this.#sync(this.#written).then(() => {
      this.#running = null;
      // Those who came in the meantime share the next one.
      this.#begin();
    });
  }

  async #sync(records: number): Promise<void> {
    const { onFailure, onSynced, sync } = this.#options;
    this.#begun = records;
    this.#wanted = this.#wanted.filter((wanted) => wanted > records);
    try {
      await sync();
      onSynced(records);
    } catch (error) {
      this.#isStopped = true;
      onFailure(error);
    }
  }
}
