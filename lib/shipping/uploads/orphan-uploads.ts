import { createGlobMatcher } from '../../series/names/glob-matcher.js';
import type { Clock, Timer } from '../../streams/clock.js';
import type { JournaledUpload } from '../journal/journal-entry.js';
import { abortUnfinished } from './abort-unfinished.js';
import { listUploads, type StoreContext } from './list-uploads.js';

export interface OrphanUploadsOptions extends StoreContext {
  /** The text that all keys of the series begin with. */
  readonly prefix: string;
  /** The glob of the series' keys. */
  readonly pattern: string;
  /** The age from which an upload counts as orphaned. */
  readonly afterMs: number;
  readonly clock: Clock;
  /** @param target the key that could not be aborted, or the prefix that could not be listed */
  onFailed(target: string, error: unknown): void;
}

/** How often to look. Orphans are few, and their age is counted in days. */
const ROUND_MS = 24 * 60 * 60_000;

/**
 * Aborts old unfinished uploads under the series' keys. No journal names them if their host is gone
 * or its disk was full. Other hosts may share the prefix and be sending, so young uploads are left
 * alone.
 */
export class OrphanUploads {
  readonly #options: OrphanUploadsOptions;
  #running: Promise<void> = Promise.resolve();
  #timer: Timer | undefined;
  #isStopped = false;

  constructor(options: OrphanUploadsOptions) {
    this.#options = options;
  }

  /** Looks now, and again every day. */
  start(): void {
    if (this.#options.store.listUploads === undefined) return;
    this.#running = this.#abortOld().then(() => {
      if (this.#isStopped) return;
      this.#timer = this.#options.clock.setTimer(() => this.start(), ROUND_MS);
    });
  }

  /** Looks no more. Settles when the current round has ended. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#timer?.cancel();
    await this.#running;
  }

  /**
   * Aborts an upload that is named in the journal of an archive that is gone.
   *
   * @param isKeyOwn whether no other archive can have the key
   * @returns whether nothing is left of the upload
   */
  async abort(upload: JournaledUpload, isKeyOwn: boolean): Promise<boolean> {
    const { onFailed, signal, store } = this.#options;
    try {
      await abortUnfinished(upload, isKeyOwn, this.#options);
      return true;
    } catch (error) {
      if (!signal.aborted) onFailed(`${store.name}/${upload.key}`, error);
      return false;
    }
  }

  async #abortOld(): Promise<void> {
    const { afterMs, clock, onFailed, prefix, signal, store } = this.#options;
    const isMatch = createGlobMatcher(this.#options.pattern);
    try {
      for await (const { key, startedAt, uploadId } of listUploads(prefix, this.#options)) {
        if (!isMatch(key) || clock.now() - startedAt.getTime() < afterMs) continue;
        await this.abort({ store: store.name, key, uploadId }, false);
      }
    } catch (error) {
      if (!signal.aborted) onFailed(`${store.name}/${prefix}`, error);
    }
  }
}
