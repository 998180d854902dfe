import { basename, parse } from 'node:path';

import { NoArchivesError } from '../../errors/no-archives-error.js';
import type { FileLayer } from '../../files/file-layer.js';
import { NAME_IS_NOT_UTF8 } from '../../files/unreadable-name.js';
import type { RetryOptions } from '../../stores/contract/retries.js';
import { laterNameMatcher } from '../names/later-name.js';
import type { ArchiveIdentity, FoundArchive } from '../opening/found-archive.js';
import type { IndexCache } from '../opening/index-cache.js';
import { type FindMoved, LocalArchive } from '../opening/local-archive.js';
import { isArchiveGone, type LastState } from '../opening/open-archive.js';
import { identifyArchive, isSameArchive } from './archive-head.js';
import { walkLocalArchives } from './list-local-archives.js';
import { listStoredArchives } from './list-stored-archives.js';
import { type SortedPatterns, showPattern } from './series-patterns.js';

export interface FindOptions {
  readonly files: FileLayer;
  readonly retries: RetryOptions;
  /** Called for each local directory before it is listed. */
  readonly onDirectory?: (path: string) => void;
  /** Whether patterns that match nothing give an empty result instead of an error. */
  readonly allowEmpty: boolean;
  /** Keeps the indexes of objects. @default none */
  readonly indexCache?: IndexCache | undefined;
  /** Called once for each object that a pattern means and that cannot be read. */
  readonly onSkipped?: (skipped: SkippedArchive) => void;
}

/** An object that looks like an archive of the series, and cannot be read. */
export interface SkippedArchive {
  /** The store and the key. */
  readonly path: string;
  /** Why, such as `has an empty segment`. */
  readonly reason: string;
}

/**
 * All archives that patterns match, local and in stores, each path and key once, in no order.
 *
 * @throws NoArchivesError, DirectoryError, StoreError
 */
export async function findArchives(
  patterns: SortedPatterns,
  options: FindOptions,
): Promise<FoundArchive[]> {
  return await new SeriesListing(patterns, options).list();
}

/** The archives that patterns match now, and where those that were listed are later. */
export class SeriesListing {
  readonly #patterns: SortedPatterns;
  readonly #options: FindOptions;
  readonly #local = new Map<string, FoundArchive>();
  readonly #stored = new Map<string, FoundArchive>();
  readonly #skipped = new Set<string>();
  readonly #lastState: LastState = { suffix: '' };
  /** Those that `list` and `takeNew` have not returned yet. */
  #fresh: FoundArchive[] = [];
  /** By path: archives that are on disk or in a store for good, and so need not be read again. */
  readonly #identities = new Map<string, ArchiveIdentity>();

  constructor(patterns: SortedPatterns, options: FindOptions) {
    this.#patterns = patterns;
    this.#options = options;
  }

  /**
   * All archives. Lists local archives first: one that is shipped in the meantime is then found in
   * the store. With patterns of both kinds it lists local archives once more, and adds those that are
   * new: an older archive may have begun after the first listing, and a later one may be in the
   * store already. If there are new ones, it lists the stores once more as well: an archive before
   * them may have begun and been shipped between two listings.
   *
   * @throws NoArchivesError, DirectoryError, StoreError
   */
  async list(): Promise<FoundArchive[]> {
    const { local, stored } = this.#patterns;
    let found = await this.takeNew();
    if (local.length > 0 && stored.length > 0) {
      await this.#listLocal();
      const begun = this.#takeListed();
      if (begun.length > 0) await this.#listStored();
      found = found.concat(begun, this.#takeListed());
    }
    if (found.length === 0 && !this.#options.allowEmpty) {
      throw new NoArchivesError([...local, ...stored.map(showPattern)]);
    }
    return found;
  }

  /** Lists again, and returns the archives that were not returned before. */
  async takeNew(): Promise<FoundArchive[]> {
    await this.#listLocal();
    await this.#listStored();
    return this.#takeListed();
  }

  /** As `takeNew`, without the stores. */
  async takeNewLocal(): Promise<FoundArchive[]> {
    await this.#listLocal();
    return this.#takeListed();
  }

  #takeListed(): FoundArchive[] {
    const fresh = this.#fresh;
    this.#fresh = [];
    return fresh;
  }

  /** A store in a directory may list the same path. */
  #noteFresh(archive: FoundArchive): void {
    if (!this.#local.has(archive.path) && !this.#stored.has(archive.path))
      this.#fresh.push(archive);
  }

  #skip({ path, reason }: SkippedArchive): void {
    // A later listing finds it again.
    if (this.#skipped.has(path)) return;
    this.#skipped.add(path);
    this.#options.onSkipped?.({ path, reason });
  }

  async #listLocal(): Promise<void> {
    const { files, onDirectory } = this.#options;
    const onUnreadable = (path: string) => this.#skip({ path, reason: NAME_IS_NOT_UTF8 });
    const options = { files, onDirectory, onUnreadable };
    for await (const paths of walkLocalArchives(this.#patterns.local, options)) {
      for (const path of paths) {
        if (this.#local.has(path)) continue;
        const archive = new LocalArchive(path, files, this.#findMoved, this.#lastState);
        this.#noteFresh(archive);
        this.#local.set(path, archive);
      }
    }
  }

  async #listStored(): Promise<void> {
    const { indexCache, retries } = this.#options;
    const options = { ...retries, indexCache };
    const skip = (skipped: SkippedArchive) => this.#skip(skipped);
    for (const { pattern, store } of this.#patterns.stored) {
      for (const archive of await listStoredArchives(store, pattern, options, skip)) {
        this.#noteFresh(archive);
        this.#stored.set(archive.path, archive);
      }
    }
  }

  /** Lists again only if nothing that is listed is the archive: many may move in a long read. */
  readonly #findMoved: FindMoved = async (path, identity) => {
    const known = await this.#findListed(path, identity);
    if (known !== undefined) return known;
    await this.#listLocal();
    await this.#listStored();
    return await this.#findListed(path, identity);
  };

  async #findListed(
    path: string,
    identity: ArchiveIdentity | undefined,
  ): Promise<FoundArchive | undefined> {
    // Without an identity, only an object with its name can be the archive.
    if (identity === undefined) return findByName(this.#stored, path);
    const isPossible = laterNameMatcher(path);
    for (const archive of [...this.#stored.values(), ...this.#local.values()].reverse()) {
      if (archive.path === path || !isPossible(basename(archive.path))) continue;
      const found = await this.#identify(archive);
      if (found !== undefined && isSameArchive(identity, found)) return archive;
    }
    return undefined;
  }

  async #identify(archive: FoundArchive): Promise<ArchiveIdentity | undefined> {
    const known = this.#identities.get(archive.path);
    if (known !== undefined) return known;
    const identity = await readIdentity(archive, this.#options.files);
    if (identity !== undefined && (identity.start !== undefined || identity.head.length > 0)) {
      this.#identities.set(archive.path, identity);
    }
    return identity;
  }
}

/** What an archive is recognised by; undefined if it is no longer where it was listed. */
async function readIdentity(
  archive: FoundArchive,
  files: FileLayer,
): Promise<ArchiveIdentity | undefined> {
  try {
    // Not followed if it has moved: the search would not end.
    const fixed = archive.isStored ? archive : new LocalArchive(archive.path, files);
    return (await identifyArchive(fixed)).identity;
  } catch (error) {
    if (isArchiveGone(error)) return undefined;
    throw error;
  }
}

/**
 * The object that a local archive was shipped as: the one of its name, or, if that name was taken,
 * the one whose name has the archive's digest appended.
 */
function findByName(archives: ReadonlyMap<string, FoundArchive>, path: string) {
  const { ext, name } = parse(path);
  const candidates = [...archives.values()].map((archive) => ({ archive, ...parse(archive.path) }));
  const hasDigest = (other: string) => other.startsWith(`${name}-`) && SHA8.test(other.slice(-9));
  return (
    candidates.find((candidate) => candidate.base === name + ext) ??
    candidates.find((candidate) => candidate.ext === ext && hasDigest(candidate.name))
  )?.archive;
}

const SHA8 = /^-[0-9a-f]{8}$/;
