import type { Clock, Timer } from '../../streams/clock.js';

/**
 * When written records are synced, so that they survive a power loss. In every mode a sync begins
 * when a caller waits for one. Beyond that, as Redis's `appendfsync` has it: never (`'no'`), once a
 * second (`'everysec'`), or before the callback of each write (`'always'`).
 */
export type SyncMode = 'no' | 'everysec' | 'always';

export interface ArchiveSyncOptions {
  readonly mode: SyncMode;
  readonly clock: Clock;
  /** Syncs all bytes that were written before the call. */
  sync(): Promise<void>;
  /** Called when the archive's first `records` records are synced. */
  onSynced(records: number): void;
  onFailure(error: unknown): void;
}

const EVERY_SECOND_MS = 1000;

/**
 * Decides when to sync the file of one archive. Runs one sync at a time, for all callers that wait.
 */
export class ArchiveSync {
  readonly #options: ArchiveSyncOptions;
  #written = 0;
  /** How many records the last sync covers that has begun. */
  #begun = 0;
  /** Record counts above `#begun` that callers wait for, in increasing order. */
  #wanted: number[] = [];
  #running: Promise<void> | null = null;
  #timer: Timer | undefined;
  #isStopped = false;

  constructor(options: ArchiveSyncOptions) {
    this.#options = options;
  }

  /** Reports that the archive's first `records` records are in the file. */
  wrote(records: number): void {
    this.#written = records;
    const { clock, mode } = this.#options;
    if (mode === 'everysec' && !this.#isStopped) {
      this.#timer ??= clock.setTimer(() => this.#onSecond(), EVERY_SECOND_MS);
    }
    this.#begin();
  }

  /** Requests a sync of the first `records` records, as soon as they are written. */
  want(records: number): void {
    if (records <= (this.#wanted.at(-1) ?? this.#begun)) return;
    this.#wanted.push(records);
    this.#begin();
  }

  /**
   * Requests a sync of the records in the file now, even if a caller waits for more records than
   * these.
   */
  wantWritten(): void {
    const [first = Number.POSITIVE_INFINITY] = this.#wanted;
    // The other records may be held back until this sync has made room for them.
    if (this.#written > this.#begun && this.#written < first) this.#wanted.unshift(this.#written);
    this.#begin();
  }

  /** Begins no further sync. Settles when the current one has ended. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#timer?.cancel();
    await this.#running;
  }

  #onSecond(): void {
    this.#timer = undefined;
    this.wantWritten();
  }

  #begin(): void {
    if (this.#isStopped || this.#running !== null) return;
    const [first] = this.#wanted;
    // The records that a caller waits for will be written soon: one sync can then cover all.
    if (first === undefined || first > this.#written) return;
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#running = this.#sync(this.#written).then(() => {
      this.#running = null;
      // Callers that came in the meantime share the next sync.
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
