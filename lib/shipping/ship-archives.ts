import { basename, dirname, relative, sep } from 'node:path';

import { MEMBER_FORMATS } from '../codec/compression/member-formats.js';
import { asError } from '../errors/as-error.js';
import { NoArchivesError } from '../errors/no-archives-error.js';
import { StoreError } from '../errors/store-error.js';
import { type FileLayer, nodeFileLayer } from '../files/file-layer.js';
import { findFile } from '../files/find-file.js';
import { type OptionNames, readOptions } from '../format/option-names.js';
import { checkClock, checkFiles, checkSignal } from '../format/option-values.js';
import { identifyArchive } from '../series/listing/archive-head.js';
import {
  checkPatterns,
  type LocalPatterns,
  listLocalArchives,
} from '../series/listing/list-local-archives.js';
import { mayBeTorn, possiblePathsOf } from '../series/names/archive-state.js';
import { splitGlob } from '../series/names/glob.js';
import { compareNaturally } from '../series/names/natural-order.js';
import { LocalArchive } from '../series/opening/local-archive.js';
import { retry } from '../stores/contract/retries.js';
import type { Store } from '../stores/contract/store.js';
import { openStore } from '../stores/open-store.js';
import { type Clock, systemClock } from '../streams/clock.js';
import { beginShipping } from '../streams/diagnostics.js';
import type { ShippedArchive } from '../writing/handlers/archive-shipper.js';
import { ArchiveJournal } from './journal/archive-journal.js';
import { DEFAULT_KEY, KeyTemplate } from './key-template.js';
import type { LeftArchive } from './left-archives.js';
import {
  type LocalFile,
  parseShipOptions,
  SHIP_OPTION_NAMES,
  type ShipOptions,
  type ShipSettings,
} from './ship-options.js';
import { shipPacked } from './ship-packed.js';
import { Shipment, type ShipmentContext, storeOf } from './shipment.js';
import { ShippingLeases } from './shipping-leases.js';

/** Where archives are shipped to by hand, and how. */
export interface ShipArchivesOptions
  extends Pick<ShipOptions, 'to' | 's3' | 'compression' | 'level'> {
  /** What to do with each local file after the store has confirmed it. @default 'keep' */
  readonly localFile?: LocalFile | undefined;
  /**
   * Template of an object's key below `to`, as `ship.key` of a writer.
   * @default the path of the archive below the directory that its pattern begins with
   */
  readonly key?: string | undefined;
  /** Called when more was read to be sent, and after each archive. */
  readonly onProgress?: ((progress: ShipProgress) => void) | undefined;
  /** Ends the work, which then throws the signal's reason. A later call continues. */
  readonly signal?: AbortSignal | undefined;
  /** The file system to read from. @default nodeFileLayer */
  readonly files?: FileLayer | undefined;
  /** Clock for the delays before failed requests are repeated. @default systemClock */
  readonly clock?: Clock | undefined;
}

/** How far `shipArchives` has come. Bytes are those of local files. */
export interface ShipProgress {
  /** The archive that is under way, or has just ended. */
  readonly path: string;
  readonly archives: number;
  readonly of: number;
  readonly bytes: number;
  readonly ofBytes: number;
}

/**
 * The outcome for one archive.
 *
 * - `shipped`: the store has confirmed it
 * - `stored`: it was in the store already
 * - `unfinished`: it is still open, or empty; its writer ships it, or the next one
 * - `busy`: a living process is shipping it
 * - `failed`: it is damaged from its start, or is not an archive, or changed meanwhile
 */
export type ShipOutcome =
  | {
      readonly outcome: 'shipped' | 'stored';
      readonly path: string;
      readonly object: StoredArchive;
    }
  | { readonly outcome: 'unfinished' | 'busy'; readonly path: string }
  | { readonly outcome: 'failed'; readonly path: string; readonly error: Error };

/** The object of an archive. */
export type StoredArchive = Pick<
  ShippedArchive,
  'store' | 'key' | 'storedBytes' | 'evidence' | 'takenKey'
>;

const SHIP_ARCHIVES_OPTION_NAMES: OptionNames<ShipArchivesOptions> = {
  to: true,
  s3: SHIP_OPTION_NAMES.s3,
  localFile: true,
  key: true,
  compression: true,
  level: true,
  onProgress: true,
  signal: checkSignal,
  files: checkFiles,
  clock: checkClock,
};

/**
 * Ships sealed archives on local disk to a store, one after the other in the natural order of their
 * names, and yields the outcome of each. It does what a writer with `ship` does: it compresses, has
 * the store confirm, keeps a journal beside each archive, and overwrites nothing. A call that was cut
 * off is repeated: what the store has is recognised. A lease keeps it from an archive that a writer
 * ships at the moment. `NAME.gz` and `NAME.zst` are sent as they are.
 *
 * @throws NoArchivesError, DirectoryError; StoreError if the store refuses, or a request fails eight
 *   times in a row; the signal's reason
 */
export function shipArchives(
  patterns: LocalPatterns,
  given: ShipArchivesOptions,
): AsyncGenerator<ShipOutcome, void, undefined> {
  const options = readOptions(given, SHIP_ARCHIVES_OPTION_NAMES);
  const list = checkPatterns(patterns);
  const { compression, key, level, localFile = 'keep', s3, to } = options;
  const settings = parseShipOptions(
    { to, localFile, compression, level, ...(key !== undefined && { key }) },
    '',
  );
  const store = openStore(to, s3 === undefined ? {} : { s3 });
  const isOwnStore = store !== to;
  if (s3 !== undefined && !(isOwnStore && /^s3:/i.test(String(to)))) {
    throw new TypeError(`s3 goes with an s3:// URL, but to is ${store.name}`);
  }
  return new ArchiveShipping(list, store, settings, options).ship(isOwnStore);
}

interface ListedArchive {
  /** Its path without the suffix of its state. */
  readonly archive: string;
  /** The path of the file that it is in. */
  readonly path: string;
  readonly bytes: number;
  /** The path of its directory below that of its pattern, with slashes. */
  readonly folder: string;
}

/** One call of `shipArchives`. */
class ArchiveShipping {
  readonly #patterns: readonly string[];
  readonly #store: Store;
  readonly #settings: ShipSettings;
  readonly #options: ShipArchivesOptions;
  readonly #files: FileLayer;
  readonly #signal: AbortSignal;
  readonly #leases: ShippingLeases;

  constructor(
    patterns: readonly string[],
    store: Store,
    settings: ShipSettings,
    options: ShipArchivesOptions,
  ) {
    this.#patterns = patterns;
    this.#store = store;
    this.#settings = settings;
    this.#options = options;
    this.#files = options.files ?? nodeFileLayer;
    this.#signal = options.signal ?? new AbortController().signal;
    this.#leases = new ShippingLeases(this.#files);
  }

  async *ship(isOwnStore: boolean): AsyncGenerator<ShipOutcome, void, undefined> {
    try {
      const listed = await this.#list();
      const ofBytes = listed.reduce((sum, { bytes }) => sum + bytes, 0);
      let bytes = 0;
      for (const [archives, archive] of listed.entries()) {
        this.#signal.throwIfAborted();
        let sent = 0;
        const report = (done: number, more: number) =>
          this.#options.onProgress?.({
            ...{ path: archive.path, archives: done, of: listed.length, ofBytes },
            // A part that was sent again is not counted twice.
            bytes: bytes + Math.min(more, archive.bytes),
          });
        const onBytes = (count: number) => {
          sent += count;
          report(archives, sent);
        };
        const outcome = await this.#shipOne(archive, onBytes);
        report(archives + 1, archive.bytes);
        bytes += archive.bytes;
        yield outcome;
      }
    } finally {
      if (isOwnStore) await this.#store.close();
    }
  }

  async #list(): Promise<ListedArchive[]> {
    const listed = new Map<string, ListedArchive>();
    for (const pattern of this.#patterns) {
      const options = { files: this.#files, allowEmpty: true };
      const root = await this.#rootOf(pattern);
      for (const archive of await listLocalArchives([pattern], options)) {
        const found = await this.#findFile(archive);
        const folder = relative(root, dirname(archive)).split(sep).join('/');
        if (found !== null) listed.set(archive, { archive, folder, ...found });
      }
    }
    if (listed.size === 0) throw new NoArchivesError([...this.#patterns]);
    return [...listed.values()].sort((a, b) => compareNaturally(a.archive, b.archive));
  }

  async #rootOf(pattern: string): Promise<string> {
    const found = await findFile(pattern, this.#files);
    if (found?.isDirectory()) return pattern;
    const { glob, root } = splitGlob(pattern);
    if (found !== null || glob === '') return dirname(pattern);
    return root === '' ? '.' : root;
  }

  async #findFile(archive: string): Promise<{ path: string; bytes: number } | null> {
    for (const path of possiblePathsOf(archive)) {
      const status = await findFile(path, this.#files);
      if (status?.isFile()) return { path, bytes: status.size };
    }
    return null;
  }

  async #shipOne(listed: ListedArchive, onBytes: (bytes: number) => void): Promise<ShipOutcome> {
    const { bytes, path } = listed;
    if (mayBeTorn(path) || bytes === 0) return { outcome: 'unfinished', path };
    const lease = await this.#leases.take(path);
    if (lease === null) return { outcome: 'busy', path };
    try {
      return await this.#shipLeased(listed, onBytes);
    } catch (error) {
      // The others would fail as well.
      if (error instanceof StoreError || this.#signal.aborted) throw error;
      return { outcome: 'failed', path, error: asError(error) };
    } finally {
      await lease.release();
    }
  }

  async #shipLeased(listed: ListedArchive, onBytes: (bytes: number) => void): Promise<ShipOutcome> {
    const { archive, bytes, path } = listed;
    const packed = MEMBER_FORMATS.find(({ suffix }) => path === archive + suffix);
    const left = { path, name: basename(archive), bytes };
    let wasSent = false;
    const context: ShipmentContext = {
      ...{ store: this.#store, files: this.#files, signal: this.#signal },
      ...{ compression: this.#settings.compression, localFile: this.#settings.localFile },
      keys: this.#keysOf(listed, packed?.suffix ?? this.#settings.compression.suffix),
      arePlainKeysOwn: await this.#isNameOwn(archive),
      onBytes: (count) => {
        wasSent = true;
        onBytes(count);
      },
      // The journal only saves work.
      onToleratedFailure: () => {},
    };
    const shipped =
      packed === undefined
        ? await this.#shipPlain(left, context)
        : await this.#attempt(left, () =>
            shipPacked(left, packed.name, { ...context, contentType: packed.contentType }),
          );
    const { evidence, key, store, storedBytes, takenKey } = shipped;
    const object = { evidence, key, store, storedBytes, takenKey };
    return { outcome: wasSent ? 'shipped' : 'stored', path, object };
  }

  async #shipPlain(left: LeftArchive, context: ShipmentContext): Promise<StoredArchive> {
    const isWithoutJournal = await this.#hasOtherJournal(left.path);
    const shipment = Shipment.ofLeft(left, { ...context, isWithoutJournal });
    const isKept = context.localFile === 'keep' && (await shipment.claimsKept());
    const { claimedObject } = shipment;
    if (isKept && claimedObject !== undefined) {
      if (await this.#ask(() => shipment.isStored())) return claimedObject;
    }
    return await this.#attempt(left, () => shipment.advance());
  }

  /** Ships an archive, and publishes each attempt. */
  async #attempt<Stored extends StoredArchive>(
    left: LeftArchive,
    ship: () => Promise<Stored>,
  ): Promise<Stored> {
    let attempt = 0;
    let failure: unknown;
    return await this.#ask(async () => {
      attempt++;
      const end = beginShipping({ ...left, store: this.#store.name, attempt }, failure);
      try {
        const shipped = await ship();
        end('succeeded', { key: shipped.key, storedBytes: shipped.storedBytes });
        return shipped;
      } catch (error) {
        failure = error;
        end(this.#signal.aborted ? 'aborted' : 'failed', { error });
        throw error;
      }
    });
  }

  /** A writer that ships to another store needs its journal. */
  async #hasOtherJournal(path: string): Promise<boolean> {
    const entry = await ArchiveJournal.peek(path, this.#files).catch(() => null);
    const store = entry === null ? undefined : storeOf(entry);
    return store !== undefined && store !== this.#store.name;
  }

  /** Repeats what the store did not answer. Any other failure is that of this archive. */
  async #ask<Answer>(request: () => Promise<Answer>): Promise<Answer> {
    const { clock = systemClock } = this.#options;
    const ask = async () => {
      try {
        return { answer: await request() };
      } catch (error) {
        if (error instanceof StoreError) throw error;
        return { error };
      }
    };
    const result = await retry(ask, { clock, signal: this.#signal });
    if ('error' in result) throw result.error;
    return result.answer;
  }

  #keysOf({ folder }: ListedArchive, suffix: string): ShipmentContext['keys'] {
    const { key } = this.#options;
    const template = new KeyTemplate(key ?? DEFAULT_KEY, suffix);
    if (key !== undefined || folder === '') return template;
    const prefix = `${folder}/`;
    return {
      keysOf: (archive) => {
        const { distinct, plain } = template.keysOf(archive);
        return { plain: prefix + plain, distinct: prefix + distinct };
      },
      roleOf: (object, archive) =>
        object.startsWith(prefix) ? template.roleOf(object.slice(prefix.length), archive) : null,
    };
  }

  /** Whether no other archive can have the name: it holds the id of the archive's writer. */
  async #isNameOwn(archive: string): Promise<boolean> {
    if (this.#settings.key.isDistinct) return true;
    const { head } = await identifyArchive(new LocalArchive(archive, this.#files));
    return head.kind === 'sequenced' && basename(archive).includes(head.start.writer);
  }
}
