import { basename, join } from 'node:path';

import type { FileLayer } from '../files/file-layer.js';
import { findFile } from '../files/find-file.js';
import { syncDirectory } from '../files/sync-directory.js';
import { isMissing } from '../files/system-error.js';
import { unlinkIfThere } from '../files/unlink-if-there.js';
import { type OptionNames, readOptions } from '../format/option-names.js';
import {
  type ByteCount,
  type Duration,
  parseByteCount,
  parseDurationMs,
} from '../format/quantity.js';
import {
  baseNameOf,
  isCompressedName,
  isReadableName,
  mayBeTorn,
} from '../series/names/archive-state.js';
import { createGlobMatcher } from '../series/names/glob-matcher.js';
import type { Clock, Timer } from '../streams/clock.js';
import type { ExpiredArchive } from '../writing/archive-writer-events.js';
import type { LeftArchive } from './left-archives.js';

/**
 * How long local archives are kept. An archive is deleted when both conditions allow it, the oldest
 * first: with both, archives that are younger than `maxAge` stay, whatever they need, and so do older
 * ones as long as all of them need no more than `maxBytes`.
 */
export interface RetainOptions {
  /** Since the archive was sealed. @default archives of any age may be deleted */
  readonly maxAge?: Duration | undefined;
  /** Bytes of all sealed archives. @default archives are deleted by their age alone */
  readonly maxBytes?: ByteCount | undefined;
}

export const RETAIN_OPTION_NAMES: OptionNames<RetainOptions> = { maxAge: true, maxBytes: true };

/** `RetainOptions`, checked. */
export interface RetainSettings {
  /** 0 without a limit. */
  readonly maxAgeMs: number;
  /** 0 without a limit. */
  readonly maxBytes: number;
}

/** @throws TypeError or RangeError for options that make no sense */
export function parseRetainOptions(given: RetainOptions): RetainSettings {
  const { maxAge, maxBytes } = readOptions(given, RETAIN_OPTION_NAMES, 'retain');
  if (maxAge === undefined && maxBytes === undefined) {
    throw new TypeError('retain has neither maxAge nor maxBytes');
  }
  return {
    maxAgeMs: maxAge === undefined ? 0 : parseDurationMs(maxAge, 'retain.maxAge'),
    maxBytes: maxBytes === undefined ? 0 : parseByteCount(maxBytes, 'retain.maxBytes'),
  };
}

/** Whether the store has confirmed archives of a directory. */
export interface StoreWitness {
  /** Asks the store. */
  isStored(archive: LeftArchive): Promise<boolean>;
  /** The local file is deleted. */
  forget(archive: LeftArchive): Promise<void>;
}

export interface RetentionOptions extends RetainSettings {
  /** Lists the directories of the archives. */
  readonly directories: () => Iterable<string> | AsyncIterable<string>;
  /** The glob of the archives' names. */
  readonly pattern: string;
  /** Which files may go: archives as they were sealed, or compressed. */
  readonly deletes: 'sealed' | 'compressed';
  /** Null if archives are in no store. */
  readonly witnessOf: (directory: string) => StoreWitness | null;
  readonly files: FileLayer;
  readonly clock: Clock;
  readonly onExpired: (archive: ExpiredArchive, directory: string) => void;
  readonly onFailed: (archive: Pick<LeftArchive, 'path' | 'name'>, error: unknown) => void;
}

/** How long to wait between two looks, at least. */
const LOOK_MS = 60_000;

/** A look at very many archives may take long: looking takes at most this share of the time. */
const SHARE = 1 / 20;

/**
 * Deletes local archives that are old enough, while they need too much. Never deletes one that is open,
 * nor, where there is a store, one that the store does not confirm to have when it is asked.
 */
export class Retention {
  readonly #options: RetentionOptions;
  readonly #isOfSeries: (name: string) => boolean;
  #running: Promise<void> | undefined;
  #timer: Timer | undefined;
  #isStopped = false;

  constructor(options: RetentionOptions) {
    this.#options = options;
    this.#isOfSeries = createGlobMatcher(options.pattern);
  }

  /** Looks now, and again from time to time. */
  start(): void {
    const { clock } = this.#options;
    const begun = clock.now();
    void this.look().then(() => {
      if (this.#isStopped) return;
      const delayMs = Math.max(LOOK_MS, (clock.now() - begun) / SHARE);
      this.#timer = clock.setTimer(() => this.start(), delayMs);
    });
  }

  /** Deletes what may go now. */
  async look(): Promise<void> {
    this.#running ??= this.#deleteOld().finally(() => {
      this.#running = undefined;
    });
    await this.#running;
  }

  /** Deletes no more. Settles when the deletion under way is done. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#timer?.cancel();
    await this.#running;
  }

  async #deleteOld(): Promise<void> {
    const { clock, directories, maxAgeMs, maxBytes, onFailed } = this.#options;
    const found: [directory: string, archive: ExpiredArchive][] = [];
    for await (const directory of directories()) {
      try {
        for (const archive of await this.#list(directory)) found.push([directory, archive]);
      } catch (error) {
        if (!isMissing(error)) onFailed({ path: directory, name: basename(directory) }, error);
      }
    }
    found.sort(([, a], [, b]) => a.sealedAt - b.sealedAt);
    let bytes = found.reduce((sum, [, archive]) => sum + archive.bytes, 0);
    for (const [directory, archive] of found) {
      const isYoung = clock.now() - archive.sealedAt < maxAgeMs;
      if (this.#isStopped || isYoung || (maxBytes > 0 && bytes <= maxBytes)) return;
      try {
        if (await this.#delete(directory, archive)) bytes -= archive.bytes;
      } catch (error) {
        if (!this.#isStopped) onFailed(archive, error);
      }
    }
  }

  async #list(directory: string): Promise<ExpiredArchive[]> {
    const { deletes, files } = this.#options;
    const archives: ExpiredArchive[] = [];
    for (const entry of await files.readdir(directory)) {
      const { name } = entry;
      const isSealed = entry.isFile() && isReadableName(name) && !mayBeTorn(name);
      const isWanted = isCompressedName(name) === (deletes === 'compressed');
      if (!isSealed || !isWanted || !this.#isOfSeries(baseNameOf(name))) continue;
      const path = join(directory, name);
      const status = await findFile(path, files);
      if (status === null || status.size === 0) continue;
      archives.push({ path, name, bytes: status.size, sealedAt: status.mtimeMs });
    }
    return archives;
  }

  async #delete(directory: string, archive: ExpiredArchive): Promise<boolean> {
    const { files, onExpired, witnessOf } = this.#options;
    const witness = witnessOf(directory);
    if (witness !== null && !(await witness.isStored(archive))) return false;
    await unlinkIfThere(files, archive.path);
    await syncDirectory(files, directory);
    await witness?.forget(archive);
    onExpired(archive, directory);
    return true;
  }
}
