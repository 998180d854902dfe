import { parse } from 'node:path';

import { NoArchivesError } from '../../errors/no-archives-error.js';
import type { FileLayer } from '../../files/file-layer.js';
import type { RetryOptions } from '../../stores/contract/retries.js';
import { type FoundArchive, LocalArchive } from '../opening/found-archive.js';
import type { StoredArchive } from '../opening/stored-archive.js';
import { listArchives } from './list-local-archives.js';
import { listObjects } from './list-stored-archives.js';
import { type SortedPatterns, type StorePattern, showPattern } from './series-patterns.js';

export interface FindOptions {
  readonly files: FileLayer;
  readonly retries: RetryOptions;
  /** Whether no archive is a result like others, not an error. */
  readonly allowEmpty: boolean;
}

/**
 * The archives that patterns match, local and in stores, each place once, in no order.
 *
 * @throws NoArchivesError, DirectoryError, StoreError
 */
export async function findArchives(
  patterns: SortedPatterns,
  options: FindOptions,
): Promise<FoundArchive[]> {
  const { allowEmpty, files } = options;
  const objects = new ObjectListing(patterns.stored, options.retries);
  // Local ones first: what is shipped meanwhile is found in the store then.
  const paths = await listArchives(patterns.local, { files, allowEmpty: true });
  const findShipped = (path: string) => objects.findShipped(path);
  const local = paths.map((path) => new LocalArchive(path, files, findShipped));
  const found = [...local, ...(await objects.list())];
  if (found.length === 0 && !allowEmpty) {
    throw new NoArchivesError([...patterns.local, ...patterns.stored.map(showPattern)]);
  }
  return found;
}

/** The archives in stores, as they were listed first, and those that came later. */
class ObjectListing {
  readonly #patterns: readonly StorePattern[];
  readonly #retries: RetryOptions;
  readonly #first = new Map<string, StoredArchive>();
  readonly #later = new Map<string, StoredArchive>();

  constructor(patterns: readonly StorePattern[], retries: RetryOptions) {
    this.#patterns = patterns;
    this.#retries = retries;
  }

  async list(): Promise<StoredArchive[]> {
    await this.#listInto(this.#first);
    return [...this.#first.values()];
  }

  /** Lists anew only where it has to: many may be shipped during a long reading. */
  async findShipped(path: string): Promise<StoredArchive | undefined> {
    const known = findByName(this.#later, path);
    if (known !== undefined || this.#patterns.length === 0) return known;
    await this.#listInto(this.#later);
    // One that was there before may be another's, of the same name.
    for (const key of this.#first.keys()) this.#later.delete(key);
    return findByName(this.#later, path) ?? findByName(this.#first, path);
  }

  async #listInto(archives: Map<string, StoredArchive>): Promise<void> {
    for (const { pattern, store } of this.#patterns) {
      for (const archive of await listObjects(store, pattern, this.#retries)) {
        archives.set(archive.path, archive);
      }
    }
  }
}

/** The archive that was shipped under the name of a local one, or, where that was taken, under another. */
function findByName(archives: ReadonlyMap<string, StoredArchive>, path: string) {
  const { ext, name } = parse(path);
  const candidates = [...archives.values()].map((archive) => ({ archive, ...parse(archive.path) }));
  const isOther = (other: string) => other.startsWith(`${name}-`) && SHA8.test(other.slice(-9));
  return (
    candidates.find((candidate) => candidate.base === name + ext) ??
    candidates.find((candidate) => candidate.ext === ext && isOther(candidate.name))
  )?.archive;
}

const SHA8 = /^-[0-9a-f]{8}$/;
