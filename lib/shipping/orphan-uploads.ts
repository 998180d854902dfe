import picomatch from 'picomatch';

import type { Clock, Timer } from '../streams/clock.js';
import { abortUnfinished } from './abort-unfinished.js';
import { listUploads, type StoreContext } from './ask-store.js';
import type { JournaledUpload } from './journal/journal-entry.js';

export interface OrphanUploadsOptions extends StoreContext {
  /** What all keys of the series begin with, and the picomatch pattern that they match. */
  readonly prefix: string;
  readonly pattern: string;
  /** How old an upload is at least that nobody knows any more. */
  readonly afterMs: number;
  readonly clock: Clock;
  /** @param target what could not be aborted or listed */
  onFailed(target: string, error: unknown): void;
}

/** How often to look: what is left behind meanwhile is little, and its age is counted in days. */
const ROUND_MS = 24 * 60 * 60_000;

/**
 * Aborts uploads under the series' own keys that no journal knows of: their host is gone, or its disk was
 * full. Other hosts may share the prefix, and be at work: only what is old is touched.
 */
export class OrphanUploads {
  readonly #options: OrphanUploadsOptions;
  #running: Promise<void> = Promise.resolve();
  #timer: Timer | undefined;
  #isStopped = false;

  constructor(options: OrphanUploadsOptions) {
    this.#options = options;
  }

  /** Begins to look, now and then every day. */
  start(): void {
    if (this.#options.store.listUploads === undefined) return;
    this.#running = this.#abortOld().then(() => {
      if (this.#isStopped) return;
      this.#timer = this.#options.clock.setTimer(() => this.start(), ROUND_MS);
    });
  }

  /** Settles when nothing is under way. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#timer?.cancel();
    await this.#running;
  }

  /**
   * Aborts an upload that a journal knows, whose archive is gone. Returns whether nothing is left of it.
   *
   * @param isKeyOwn whether no other archive can have the key
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
    const isMatch = picomatch(this.#options.pattern, { nonegate: true });
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
