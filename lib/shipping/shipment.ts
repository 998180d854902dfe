import { StoreError } from '../errors/store-error.js';
import type { FileLayer, FileStatus } from '../files/file-layer.js';
import { findFile } from '../files/find-file.js';
import { systemCodeOf } from '../files/system-error.js';
import type { Store } from '../stores/contract/store.js';
import type { ShippableArchive, ShippedArchive } from '../writing/handlers/archive-shipper.js';
import { abortUnfinished } from './abort-unfinished.js';
import { ArchiveJournal } from './journal/archive-journal.js';
import type {
  JournalEntry,
  JournaledArchive,
  JournaledObject,
  JournaledUpload,
} from './journal/journal-entry.js';
import type { KeyTemplate } from './key-template.js';
import { inspectArchive, type LeftArchive } from './left-archives.js';
import { settleFile } from './settle-file.js';
import { shipArchive } from './ship-archive.js';
import type { LocalFile } from './ship-options.js';

/** What all shipments of a writer have in common. */
export interface ShipmentContext {
  readonly store: Store;
  readonly files: FileLayer;
  readonly keys: KeyTemplate;
  /** Whether no other host can have the same plain key for another archive. */
  readonly arePlainKeysOwn: boolean;
  readonly localFile: LocalFile;
  readonly signal: AbortSignal;
  /** Something beside the shipping failed, which goes on. */
  onAsideFailure(archive: LeftArchive, operation: 'journal' | 'abort-upload', error: unknown): void;
}

/** What a full disk answers. */
const OUT_OF_SPACE: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT']);

/**
 * The way of one archive into the store: sealed, uploading, verified, settled. Each state is in the journal
 * before what follows from it is done; where the journal cannot be written, as on a full disk, the state is
 * in memory alone. Whatever is done can be done again, so that a crash costs work, never an archive.
 */
export class Shipment {
  readonly found: LeftArchive | ShippableArchive;
  /** Whether it was found in the directory: then it may have another owner beside this one. */
  readonly isAdopted: boolean;
  readonly #context: ShipmentContext;
  readonly #journal: ArchiveJournal;
  #entry: JournalEntry | undefined;
  /** Whether the entry is an earlier writer's. */
  #isResumed = false;

  constructor(found: LeftArchive | ShippableArchive, context: ShipmentContext) {
    this.found = found;
    this.isAdopted = !('sha256' in found);
    this.#context = context;
    this.#journal = new ArchiveJournal(found.path, context.files);
  }

  /** The archive's digest in hex, once it is known. */
  get sha256(): string | undefined {
    return 'sha256' in this.found ? this.found.sha256 : this.#entry?.archive.sha256;
  }

  /** Whether the store has it, so that nothing but the local file is left to be settled. */
  get isVerified(): boolean {
    return this.#entry?.state === 'verified' || this.#entry?.state === 'settled';
  }

  /** Whether an earlier writer has shipped it to this store, and left the file where it was to be kept. */
  async wasKept(): Promise<boolean> {
    const noted = await this.#readJournal();
    if (noted?.state !== 'settled' || noted.object.store !== this.#context.store.name) return false;
    return isFileOf(noted.archive, await findFile(this.found.path, this.#context.files));
  }

  /**
   * Goes on from the state that was reached, to the end.
   *
   * @throws what stopped it; it can be called again then
   */
  async advance(): Promise<ShippedArchive> {
    const { files, localFile, signal } = this.#context;
    const { archive, object } = await this.#verify(this.#entry ?? (await this.#begin()));
    signal.throwIfAborted();
    await settleFile(this.#whole(archive), archive, localFile, files);
    if (localFile === 'keep') await this.#enter({ state: 'settled', archive, object });
    else await this.forget();
    return { ...this.#whole(archive), ...object };
  }

  /** Removes the journal: the archive is gone, and with it all that the journal could say. */
  async forget(): Promise<void> {
    // Of an upload that may be unfinished, the next start has to know: it aborts it.
    if (this.#entry?.state === 'uploading' && this.#entry.upload.uploadId !== null) return;
    try {
      await this.#journal.remove();
    } catch (error) {
      this.#context.onAsideFailure(this.found, 'journal', error);
    }
  }

  /** Finds out what the archive is, and how far an earlier writer has come with it. */
  async #begin(): Promise<JournalEntry> {
    const { files, localFile, store } = this.#context;
    const file = await findFile(this.found.path, files);
    const noted = await this.#readJournal();
    const archive = toJournaled(await this.#inspect(file, noted), file);
    const isCurrent = noted?.archive.sha256 === archive.sha256 && storeOf(noted) === store.name;
    // What was in the store when the file was to be kept may have been deleted there since.
    const isOld = noted?.state === 'settled' && localFile !== 'keep';
    const entry: JournalEntry =
      isCurrent && !isOld ? { ...noted, archive } : { state: 'sealed', archive };
    this.#isResumed = isCurrent;
    await this.#enter(entry);
    return entry;
  }

  async #inspect(file: FileStatus | null, noted: JournalEntry | null): Promise<ShippableArchive> {
    if ('sha256' in this.found) return this.found;
    if (noted !== null && isFileOf(noted.archive, file)) return this.#whole(noted.archive);
    return inspectArchive(this.found, this.#context.files, this.#context.signal);
  }

  async #verify(entry: JournalEntry): Promise<VerifiedEntry> {
    if (entry.state === 'verified' || entry.state === 'settled') return entry;
    const { arePlainKeysOwn, files, signal, store } = this.#context;
    const { archive } = entry;
    const whole = this.#whole(archive);
    const keys = this.#context.keys.keysOf(whole);
    if (entry.state === 'uploading') {
      await this.#abort(entry.upload, arePlainKeysOwn || entry.upload.key === keys.distinct);
    }
    this.#isResumed = false;
    const object = await shipArchive(whole, {
      store,
      files,
      signal,
      keys,
      isPlainKeyOwn: arePlainKeysOwn,
      onSending: (key, uploadId) =>
        this.#enter({ state: 'uploading', archive, upload: { store: store.name, key, uploadId } }),
    });
    const verified = { state: 'verified', archive, object } as const;
    await this.#enter(verified);
    return verified;
  }

  /** Archives are bounded in size: to send all of it anew costs little, and is one simple path. */
  async #abort(upload: JournaledUpload, isKeyOwn: boolean): Promise<void> {
    // A put of its own that fails cleans up; only a crash leaves an upload that nobody knows by its id.
    if (upload.uploadId === null && !this.#isResumed) return;
    try {
      await abortUnfinished(upload, isKeyOwn, this.#context);
    } catch (error) {
      // Whose keys do not allow this is to know what stays behind, but not to keep the archive for it.
      if (!(error instanceof StoreError) || error.transient) throw error;
      this.#context.onAsideFailure(this.found, 'abort-upload', error);
    }
  }

  async #readJournal(): Promise<JournalEntry | null> {
    try {
      return await this.#journal.read();
    } catch (error) {
      this.#context.onAsideFailure(this.found, 'journal', error);
      return null;
    }
  }

  async #enter(entry: JournalEntry): Promise<void> {
    this.#entry = entry;
    try {
      await this.#journal.write(entry);
    } catch (error) {
      // Shipping is what makes room again: it must not wait for it.
      if (OUT_OF_SPACE.has(systemCodeOf(error) ?? '')) return;
      this.#context.onAsideFailure(this.found, 'journal', error);
    }
  }

  #whole({ ino, mtimeMs, ...facts }: JournaledArchive): ShippableArchive {
    const { name, path } = this.found;
    return { ...facts, name, path };
  }
}

/** An entry of an archive that the store has. */
interface VerifiedEntry {
  readonly archive: JournaledArchive;
  readonly object: JournaledObject;
}

function toJournaled(archive: ShippableArchive, file: FileStatus | null): JournaledArchive {
  const { bytes, firstTime, lastTime, openedAt, records, sha256 } = archive;
  // Nothing has inode 0: a file that is gone is none that comes after it.
  const { ino, mtimeMs } = file ?? { ino: 0, mtimeMs: 0 };
  return { bytes, sha256, records, firstTime, lastTime, openedAt, ino, mtimeMs };
}

function isFileOf(archive: JournaledArchive, file: FileStatus | null): boolean {
  if (file === null) return false;
  const { bytes, ino, mtimeMs } = archive;
  return file.size === bytes && file.ino === ino && file.mtimeMs === mtimeMs;
}

/** The store that an entry speaks of; undefined for one that speaks of none. */
function storeOf(entry: JournalEntry): string | undefined {
  if (entry.state === 'sealed') return undefined;
  return entry.state === 'uploading' ? entry.upload.store : entry.object.store;
}
