import { publish } from '../../streams/diagnostics.js';
import type { OwnSealedArchive } from '../handlers/archive-handler.js';

/** How many calls took how long. */
export interface DurationCounts {
  readonly count: number;
  /** The sum of their durations. */
  readonly totalMs: number;
  /** For each bound, how many calls took at most so many milliseconds. In increasing order. */
  readonly atMost: readonly { readonly ms: number; readonly count: number }[];
}

/** The bounds of `DurationCounts`: from a disk with a battery-backed cache to one that hangs. */
const BOUNDS_MS: readonly number[] = [
  0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000,
];

/** Counts what a writer does on its disk, and publishes each step for diagnostics. */
export class DiskFigures {
  /** Bytes that were written to the files of archives. */
  writtenBytes = 0;
  /** Archives sealed, and their bytes. */
  sealed = 0;
  sealedBytes = 0;
  #syncs = 0;
  #syncMs = 0;
  /** How many syncs fall between each bound and the one before it. */
  readonly #syncsUpTo = BOUNDS_MS.map(() => 0);

  /** Calls of fsync that have returned, also those that failed. */
  get syncs(): DurationCounts {
    let count = 0;
    const atMost = BOUNDS_MS.map((ms, i) => {
      count += this.#syncsUpTo[i] ?? 0;
      return { ms, count };
    });
    return { count: this.#syncs, totalMs: this.#syncMs, atMost };
  }

  wrote(path: string, bytes: number, records: number, durationMs: number): void {
    this.writtenBytes += bytes;
    publish('write', () => ({ path, bytes, records, durationMs }));
  }

  /** @param failure its error, if the sync has failed */
  synced(
    path: string,
    bytes: number,
    durationMs: number,
    failure: { readonly error?: unknown } = {},
  ): void {
    this.#syncs++;
    this.#syncMs += durationMs;
    const i = BOUNDS_MS.findIndex((ms) => durationMs <= ms);
    if (i !== -1) this.#syncsUpTo[i] = (this.#syncsUpTo[i] ?? 0) + 1;
    publish('sync', () => ({ path, bytes, durationMs, ...failure }));
  }

  didSeal(archive: OwnSealedArchive, durationMs: number): void {
    this.sealed++;
    this.sealedBytes += archive.bytes;
    const { bytes, name, ordinal, path, records, writer } = archive;
    publish('seal', () => ({ path, name, writer, ordinal, records, bytes, durationMs }));
  }
}
