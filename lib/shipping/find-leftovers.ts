import { join } from 'node:path';

import { DirectoryError } from '../errors/directory-error.js';
import { type FileLayer, type FileStatus, nodeFileLayer } from '../files/file-layer.js';
import { findFile } from '../files/find-file.js';
import { isMissing } from '../files/system-error.js';
import { parseTemporaryName } from '../files/temporary-name.js';
import { unlinkIfThere } from '../files/unlink-if-there.js';
import { type OptionNames, readOptions } from '../format/option-names.js';
import { checkClock, checkFiles, checkPath, checkSignal } from '../format/option-values.js';
import { type Duration, parseDurationMs } from '../format/quantity.js';
import { identifyArchive } from '../series/listing/archive-head.js';
import {
  OPEN_SUFFIX,
  possiblePathsOf,
  STALE_SUFFIX,
  SUSPECT_SUFFIX,
} from '../series/names/archive-state.js';
import { temporaryBaseOf } from '../series/names/temporary-path.js';
import { LocalArchive } from '../series/opening/local-archive.js';
import type { Store } from '../stores/contract/store.js';
import { openStore } from '../stores/open-store.js';
import type { S3StoreOptions } from '../stores/s3/s3-store-options.js';
import { type Clock, systemClock } from '../streams/clock.js';
import {
  isLeaseAside,
  leasedName,
  looksStale,
  sightLease,
} from '../writing/recovery/lease-takeover.js';
import { readLeaseToken } from '../writing/sink/archive-lease.js';
import { ArchiveJournal } from './journal/archive-journal.js';
import type { JournalEntry } from './journal/journal-entry.js';
import { JOURNAL_SUFFIX, parseJournalName } from './journal/journal-name.js';
import { SHIP_OPTION_NAMES } from './ship-options.js';
import { abortUnfinished } from './uploads/abort-unfinished.js';
import { listUploads, type StoreContext } from './uploads/list-uploads.js';

/** Where and how to look for leftovers. */
export interface FindLeftoversOptions {
  /**
   * The store that the archives of the directory are shipped to, to look for unfinished uploads
   * there: `s3://bucket/prefix`, the path of a directory, its `file://` URL, or a store.
   * @default no store
   */
  readonly to?: string | URL | Store | undefined;
  /** Service and credentials of an `s3://` URL. */
  readonly s3?: S3StoreOptions | undefined;
  /** Only what has not changed for so long, in ms or as text such as `'12h'`. @default '7d' */
  readonly olderThan?: Duration | undefined;
  /** Ends the search, which then throws the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** The file system of the directory. @default nodeFileLayer */
  readonly files?: FileLayer | undefined;
  /** Clock by which ages are judged. @default systemClock */
  readonly clock?: Clock | undefined;
}

/**
 * Something that a crash has left behind, and that nothing needs any more.
 *
 * - `upload`: an unfinished upload below the prefix of the store
 * - `journal`: the journal of an archive that is gone, a damaged one, or one that was not completely
 *   written
 * - `lease`: of an archive that is gone
 * - `torn`: bytes that were cut off an archive. A person may still read something in them
 * - `suspect`: a file that its writer replaced after a failed sync
 * - `copy`: a copy that was not completely written
 */
export interface Leftover {
  readonly kind: 'upload' | 'journal' | 'lease' | 'torn' | 'suspect' | 'copy';
  /** The path of the file; of an upload, its store and key. */
  readonly path: string;
  /** The size of the file; undefined of an upload. */
  readonly bytes: number | undefined;
  /** Since when it has not changed; of an upload, when it began. */
  readonly since: Date;
  /**
   * Removes it, unless it has changed or a living process uses it now.
   *
   * @returns whether it is gone
   */
  remove(): Promise<boolean>;
}

const FIND_LEFTOVERS_OPTION_NAMES: OptionNames<FindLeftoversOptions> = {
  to: true,
  s3: SHIP_OPTION_NAMES.s3,
  olderThan: true,
  signal: checkSignal,
  files: checkFiles,
  clock: checkClock,
};

/**
 * Finds what crashes have left in a directory and, with `to`, in the store that its archives go to.
 * Never names an archive, however it is called, nor anything of an archive with a living writer or
 * shipper. Removes nothing by itself. Do not break off the loop before everything that you want to
 * remove is removed: the store is closed at its end.
 *
 * @throws DirectoryError, StoreError; the signal's reason
 */
export function findLeftovers(
  directory: string,
  given?: FindLeftoversOptions,
): AsyncGenerator<Leftover, void, undefined> {
  const options = readOptions(given, FIND_LEFTOVERS_OPTION_NAMES);
  checkPath('directory', directory);
  const { clock = systemClock, files = nodeFileLayer, olderThan = '7d', s3, to } = options;
  const { signal = new AbortController().signal } = options;
  const store = to === undefined ? undefined : openStore(to, s3 === undefined ? {} : { s3 });
  if (s3 !== undefined && !/^s3:/i.test(String(to))) {
    throw new TypeError('s3 goes with an s3:// URL as to');
  }
  const olderThanMs = parseDurationMs(olderThan, 'olderThan');
  const search = new LeftoverSearch({ directory, files, clock, olderThanMs, store, signal });
  return search.find(store !== to);
}

interface SearchOptions {
  readonly directory: string;
  readonly files: FileLayer;
  readonly clock: Clock;
  readonly olderThanMs: number;
  readonly store: Store | undefined;
  readonly signal: AbortSignal;
}

/** A file by its name: what it is, and the archive that it belongs to. */
interface NamedLeftover {
  readonly kind: Leftover['kind'];
  /** The archive's name without the suffix of its state. */
  readonly archive: string;
}

class LeftoverSearch {
  readonly #options: SearchOptions;

  constructor(options: SearchOptions) {
    this.#options = options;
  }

  async *find(isOwnStore: boolean): AsyncGenerator<Leftover, void, undefined> {
    const { directory, signal, store } = this.#options;
    try {
      const used = new Set<string>();
      for (const name of (await this.#list()).sort()) {
        signal.throwIfAborted();
        const named = classify(name);
        if (named === null) continue;
        const path = join(directory, name);
        const entry = await this.#entryOf(named, name);
        const isInUse = await this.#isInUse(named, name);
        if (isInUse && entry?.state === 'uploading') used.add(entry.upload.uploadId ?? '');
        const status = await findFile(path, this.#options.files);
        const isOld = status !== null && this.#isOld(status.mtimeMs);
        if (isInUse || status === null || !isOld || !this.#canRemove(entry)) continue;
        if (!(await this.#isOurs(named, path, entry))) continue;
        yield this.#leftoverOf(named, path, name, status);
      }
      if (store !== undefined) yield* this.#uploads({ store, signal }, used);
    } finally {
      if (isOwnStore) await store?.close();
    }
  }

  async #list(): Promise<string[]> {
    const { directory, files } = this.#options;
    try {
      const entries = await files.readdir(directory);
      return entries.filter((entry) => entry.isFile()).map(({ name }) => name);
    } catch (error) {
      if (!isMissing(error)) throw error;
      throw new DirectoryError(directory, 'does not exist', { cause: error });
    }
  }

  /** The entry of a journal; undefined for other files, and for a journal that is damaged. */
  async #entryOf(
    { archive, kind }: NamedLeftover,
    name: string,
  ): Promise<JournalEntry | undefined> {
    const { directory, files } = this.#options;
    if (kind !== 'journal' || name !== archive + JOURNAL_SUFFIX) return undefined;
    const path = join(directory, archive);
    // Reading a damaged journal renames it, which a search must not do.
    return (await ArchiveJournal.peek(path, files)) ?? undefined;
  }

  /** Whether the content is what the name says: another program may have a `NAME.lock` too. */
  async #isOurs(
    { archive, kind }: NamedLeftover,
    path: string,
    entry: JournalEntry | undefined,
  ): Promise<boolean> {
    const { directory, files } = this.#options;
    switch (kind) {
      case 'lease':
        return LEASE_TOKEN.test((await readLeaseToken(path, files)) ?? '');
      case 'journal':
        return entry !== undefined || path !== join(directory, archive + JOURNAL_SUFFIX);
      case 'suspect': {
        const { head } = await identifyArchive(new LocalArchive(path, files));
        return head.kind !== 'damaged';
      }
      default:
        return true;
    }
  }

  /** An upload that may be unfinished is aborted by its journal: only together do they go. */
  #canRemove(entry: JournalEntry | undefined): boolean {
    return entry?.state !== 'uploading' || entry.upload.store === this.#options.store?.name;
  }

  /** Whether the archive needs the file, or a living process may. */
  async #isInUse({ archive, kind }: NamedLeftover, name: string): Promise<boolean> {
    const { directory, files } = this.#options;
    const base = join(directory, archive);
    for (const path of [base, base + OPEN_SUFFIX]) {
      const lease = await sightLease(path, files);
      if (lease !== null && !looksStale(lease)) return true;
    }
    const isOfArchive =
      name === archive + JOURNAL_SUFFIX || (kind === 'lease' && !isLeaseAside(name));
    // Recovery is not over while there is an open or stale archive.
    const paths = isOfArchive ? possiblePathsOf(base) : [base + OPEN_SUFFIX, base + STALE_SUFFIX];
    if (kind === 'torn') return false;
    for (const path of paths) if ((await findFile(path, files)) !== null) return true;
    return false;
  }

  #isOld(sinceMs: number): boolean {
    return this.#options.clock.now() - sinceMs >= this.#options.olderThanMs;
  }

  #leftoverOf(named: NamedLeftover, path: string, name: string, found: FileStatus): Leftover {
    const { files } = this.#options;
    return {
      kind: named.kind,
      path,
      bytes: found.size,
      since: new Date(found.mtimeMs),
      remove: async () => {
        const now = await findFile(path, files);
        if (now === null) return true;
        const isSame = now.ino === found.ino && now.mtimeMs === found.mtimeMs;
        if (!isSame || (await this.#isInUse(named, name))) return false;
        await this.#abortUploadOf(await this.#entryOf(named, name));
        await unlinkIfThere(files, path);
        return true;
      },
    };
  }

  async #abortUploadOf(entry: JournalEntry | undefined): Promise<void> {
    const { signal, store } = this.#options;
    if (entry?.state !== 'uploading' || store === undefined) return;
    await abortUnfinished(entry.upload, false, { store, signal });
  }

  /** The journal of an upload that is under way names it. */
  async *#uploads(context: StoreContext, used: ReadonlySet<string>): AsyncGenerator<Leftover> {
    const { store } = context;
    for await (const { key, startedAt, uploadId } of listUploads('', context)) {
      if (used.has(uploadId) || !this.#isOld(startedAt.getTime())) continue;
      yield {
        ...{ kind: 'upload', path: `${store.name}/${key}`, bytes: undefined, since: startedAt },
        remove: async () => {
          await abortUnfinished({ store: store.name, key, uploadId }, false, context);
          return true;
        },
      };
    }
  }
}

/** `NAME.torn-OFFSET`, `NAME.torn-all` or `NAME.torn-RANDOM`. */
const TORN = /^(.+)\.torn-(?:\d+|all|[0-9a-f]{8})$/s;

const LEASE_TOKEN = /^[0-9a-f]{16}$/;

const DAMAGED_JOURNAL = /^(.*)\.damaged-\d+\.journal$/s;

/** Returns null for archives, and for files of other programs. */
function classify(name: string): NamedLeftover | null {
  const [, torn] = TORN.exec(name) ?? [];
  if (torn !== undefined) return { kind: 'torn', archive: withoutOpen(torn) };
  const [, damaged] = DAMAGED_JOURNAL.exec(name) ?? [];
  if (damaged !== undefined) return { kind: 'journal', archive: damaged };
  const journal = parseJournalName(name);
  if (journal !== null) return { kind: 'journal', archive: journal.archive };
  if (isLeaseAside(name)) return { kind: 'lease', archive: name.replace(LEASE_ASIDE, '') };
  const leased = leasedName(name);
  if (leased !== null) return { kind: 'lease', archive: withoutOpen(leased) };
  if (name.endsWith(SUSPECT_SUFFIX)) {
    return { kind: 'suspect', archive: name.slice(0, -SUSPECT_SUFFIX.length) };
  }
  const copied = temporaryBaseOf(name) ?? parseTemporaryName(name)?.name;
  return copied === undefined ? null : { kind: 'copy', archive: copied };
}

const LEASE_ASIDE = /(?:\.open)?\.taken-[0-9a-f]{8}\.lock$/;

function withoutOpen(name: string): string {
  return name.endsWith(OPEN_SUFFIX) ? name.slice(0, -OPEN_SUFFIX.length) : name;
}
