import { basename, join, resolve } from 'node:path';

import type { DirectoryWatch, FileLayer } from '../../files/file-layer.js';
import { baseNameOf, isReadableName } from '../../series/names/archive-state.js';
import type { Clock } from '../../streams/clock.js';

export interface SeriesWatchOptions {
  readonly files: FileLayer;
  readonly clock: Clock;
  /** Ends every wait. */
  readonly signal: AbortSignal;
}

/** The changes in the watched directories. */
export interface Changes {
  /** Archives by absolute path, without the suffix of their state. Not all of them are archives. */
  readonly paths: ReadonlySet<string>;
  /** Whether other files may have changed too. */
  readonly isUnclear: boolean;
}

/** How many changed paths are kept apart. */
const MOST_PATHS = 10_000;

/**
 * Watches directories for changes of archives. Ignores the files beside them, such as leases, which
 * change every second.
 */
export class SeriesWatch {
  readonly #options: SeriesWatchOptions;
  readonly #watches = new Map<string, DirectoryWatch>();
  #paths = new Set<string>();
  #isUnclear = false;
  /** The directories that could not be watched. */
  readonly #failed = new Set<string>();
  #wake: (() => void) | undefined;

  constructor(options: SeriesWatchOptions) {
    this.#options = options;
  }

  /** Whether every change is noticed: at least one directory is watched, and none has failed. */
  get isComplete(): boolean {
    return this.#watches.size > 0 && this.#failed.size === 0;
  }

  /** Watches a directory from now on. If that fails, `isComplete` becomes false. */
  add(directory: string): void {
    const path = resolve(directory);
    const { files } = this.#options;
    if (this.#watches.has(path)) return;
    try {
      const watch = files.watch?.(path, {
        onChange: (name) => this.#note(path, name),
        onError: () => this.#drop(path),
      });
      this.#failed.delete(path);
      if (watch === undefined) this.#failed.add(path);
      else this.#watches.set(path, watch);
    } catch {
      // Gone already, or the system has no watches left: polling finds its changes.
      this.#failed.add(path);
    }
  }

  /** Waits until something changes, at most for `delayMs`, and returns all changes since the last call. */
  async take(delayMs: number): Promise<Changes> {
    if (this.#paths.size === 0 && !this.#isUnclear) await this.#wait(delayMs);
    const changes = { paths: this.#paths, isUnclear: this.#isUnclear };
    this.#paths = new Set();
    this.#isUnclear = false;
    return changes;
  }

  close(): void {
    for (const watch of this.#watches.values()) watch.close();
    this.#watches.clear();
  }

  async #wait(delayMs: number): Promise<void> {
    const { clock, signal } = this.#options;
    if (signal.aborted) return;
    await new Promise<void>((done) => {
      const timer = clock.setTimer(() => this.#wake?.(), delayMs);
      // The consumer waits for records.
      timer.ref();
      this.#wake = () => {
        this.#wake = undefined;
        timer.cancel();
        signal.removeEventListener('abort', wake);
        done();
      };
      const wake = () => this.#wake?.();
      signal.addEventListener('abort', wake);
    });
  }

  #note(directory: string, name: string | null): void {
    // The directory itself was removed or renamed: another one may take its place.
    if (name === basename(directory)) this.#drop(directory);
    if (name !== null && !isReadableName(name)) return;
    if (name === null || this.#paths.size >= MOST_PATHS) this.#isUnclear = true;
    else this.#paths.add(join(directory, baseNameOf(name)));
    this.#wake?.();
  }

  #drop(directory: string): void {
    this.#watches.get(directory)?.close();
    this.#watches.delete(directory);
    this.#isUnclear = true;
    this.#wake?.();
  }
}
