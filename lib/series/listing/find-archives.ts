import { parse } from 'node:path';

import { NoArchivesError } from '../../errors/no-archives-error.js';
import type { FileLayer } from '../../files/file-layer.js';
import type { RetryOptions } from '../../stores/contract/retries.js';
import type { FoundArchive } from '../opening/found-archive.js';
import { LocalArchive } from '../opening/local-archive.js';
import type { StoredArchive } from '../opening/stored-archive.js';
import { listLocalArchives } from './list-local-archives.js';
import { listStoredArchives } from './list-stored-archives.js';
import { type SortedPatterns, type StorePattern, showPattern } from './series-patterns.js';

export interface FindOptions {
  readonly files: FileLayer;
  readonly retries: RetryOptions;
  /** Whether patterns that match nothing give an empty result instead of an error. */
  readonly allowEmpty: boolean;
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
  const { allowEmpty, files } = options;
  const objects = new ObjectListing(patterns.stored, options);
  // List local archives first: one that is shipped in the meantime is then found in the store.
  const paths = await listLocalArchives(patterns.local, { files, allowEmpty: true });
  const findShipped = (path: string) => objects.findShipped(path);
  const local = paths.map((path) => new LocalArchive(path, files, findShipped));
  const found = [...local, ...(await objects.list())];
  if (found.length === 0 && !allowEmpty) {
    throw new NoArchivesError([...patterns.local, ...patterns.stored.map(showPattern)]);
  }
  return found;
}

/** The archives in stores: those of the first listing, and those that were shipped later. */
class ObjectListing {
  readonly #patterns: readonly StorePattern[];
  readonly #retries: RetryOptions;
  readonly #onSkipped: FindOptions['onSkipped'];
  readonly #skipped = new Set<string>();
  readonly #first = new Map<string, StoredArchive>();
  readonly #later = new Map<string, StoredArchive>();

  constructor(patterns: readonly StorePattern[], { onSkipped, retries }: FindOptions) {
    this.#patterns = patterns;
    this.#retries = retries;
    this.#onSkipped = onSkipped;
  }

  async list(): Promise<StoredArchive[]> {
    await this.#listInto(this.#first);
    return [...this.#first.values()];
  }

  /**
   * Lists again only if the last listing lacks the archive: many may be shipped during a long read.
   */
  async findShipped(path: string): Promise<StoredArchive | undefined> {
    const known = findByName(this.#later, path);
    if (known !== undefined || this.#patterns.length === 0) return known;
    await this.#listInto(this.#later);
    // Prefer new objects: one of the first listing may be another archive with the same name.
    for (const key of this.#first.keys()) this.#later.delete(key);
    return findByName(this.#later, path) ?? findByName(this.#first, path);
  }

  async #listInto(archives: Map<string, StoredArchive>): Promise<void> {
    const skip = ({ path, reason }: SkippedArchive) => {
      // A later listing finds it again.
      if (this.#skipped.has(path)) return;
      this.#skipped.add(path);
      this.#onSkipped?.({ path, reason });
    };
    for (const { pattern, store } of this.#patterns) {
      for (const archive of await listStoredArchives(store, pattern, this.#retries, skip)) {
        archives.set(archive.path, archive);
      }
    }
  }
}

/**
 * The object that a local archive was shipped as: the one of its name, or, if that name was taken,
 * the one whose name has the archive's digest appended.
 */
function findByName(archives: ReadonlyMap<string, StoredArchive>, path: string) {
  const { ext, name } = parse(path);
  const candidates = [...archives.values()].map((archive) => ({ archive, ...parse(archive.path) }));
  const hasDigest = (other: string) => other.startsWith(`${name}-`) && SHA8.test(other.slice(-9));
  return (
    candidates.find((candidate) => candidate.base === name + ext) ??
    candidates.find((candidate) => candidate.ext === ext && hasDigest(candidate.name))
  )?.archive;
}

const SHA8 = /^-[0-9a-f]{8}$/;
