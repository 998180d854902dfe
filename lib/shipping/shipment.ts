import { StoreError } from '../errors/store-error.js';
import type { FileLayer, FileStatus } from '../files/file-layer.js';
import { findFile } from '../files/find-file.js';
import { isSameAsBefore } from '../files/is-same-as-before.js';
import { systemCodeOf } from '../files/system-error.js';
import type { StoredObject } from '../stores/contract/store.js';
import type { Compression } from '../streams/compression/compression.js';
import type {
  ShippableArchive,
  ShippedArchive,
  ShippingListener,
} from '../writing/handlers/archive-shipper.js';
import { findClaimed } from './claimed-object.js';
import { compressArchive } from './compress-archive.js';
import { ArchiveJournal } from './journal/archive-journal.js';
import type {
  JournalEntry,
  JournaledArchive,
  JournaledObject,
  JournaledUpload,
} from './journal/journal-entry.js';
import type { KeyTemplate } from './key-template.js';
import { inspectArchive, type LeftArchive } from './left-archives.js';
import { holdsArchive } from './read-back.js';
import { settleFile } from './settle-file.js';
import { shipArchive } from './ship-archive.js';
import type { LocalFile } from './ship-options.js';
import { abortUnfinished } from './uploads/abort-unfinished.js';
import type { StoreContext } from './uploads/list-uploads.js';

/** What all shipments of a writer share. */
export interface ShipmentContext extends StoreContext {
  readonly files: FileLayer;
  readonly keys: Pick<KeyTemplate, 'keysOf' | 'roleOf'>;
  readonly compression: Compression;
  /** Whether no other host can make the same plain key for another archive. */
  readonly arePlainKeysOwn: boolean;
  readonly localFile: LocalFile;
  /** Called with how many more bytes of the file were read to be sent. */
  readonly onBytes?: ((bytes: number) => void) | undefined;
  /**
   * Whether to leave the journal alone: it is of a shipment to another store. @default false
   */
  readonly isWithoutJournal?: boolean | undefined;
  /**
   * Awaited when the store has confirmed an archive, before its local file is settled. If it throws,
   * the shipment fails and is tried again. May be called again after a crash.
   */
  readonly onConfirmed?: ((archive: ShippedArchive) => Promise<void>) | undefined;
  /** Receives the outcome. @default none does */
  readonly listener?: ShippingListener | undefined;
  /** Reports a failure that does not stop the shipment. */
  onToleratedFailure(
    archive: LeftArchive,
    operation: 'journal' | 'abort-upload',
    error: unknown,
  ): void;
}

/** Error codes of a full disk. */
const OUT_OF_SPACE: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT']);

/**
 * Takes one archive into the store, through the states sealed, uploading, verified and settled. The
 * journal holds each state before the shipment acts on it. If the journal cannot be written, as on
 * a full disk, the state is kept in memory only. Every step can be repeated, so a crash costs work
 * and never an archive.
 */
export class Shipment {
  /** The file to ship. */
  readonly archive: LeftArchive;
  /** Whether the archive was found in the directory: another process may be shipping it as well. */
  readonly isAdopted: boolean;
  /** The archive as its writer sealed it; null if it must be inspected first. */
  readonly #sealed: ShippableArchive | null;
  readonly #context: ShipmentContext;
  readonly #journal: ArchiveJournal;
  #entry: JournalEntry | undefined;
  /** Whether an earlier process wrote the entry. */
  #isResumed = false;
  /** A journal that says that the archive is in the store. */
  #claim: SettledEntry | undefined;

  private constructor(
    archive: LeftArchive,
    sealed: ShippableArchive | null,
    context: ShipmentContext,
  ) {
    this.archive = archive;
    this.isAdopted = sealed === null;
    this.#sealed = sealed;
    this.#context = context;
    this.#journal = new ArchiveJournal(archive.path, context.files);
  }

  /** The shipment of an archive that this process has just sealed. */
  static ofSealed(archive: ShippableArchive, context: ShipmentContext): Shipment {
    return new Shipment(archive, archive, context);
  }

  /** The shipment of an archive that was found in the directory and must be inspected. */
  static ofLeft(archive: LeftArchive, context: ShipmentContext): Shipment {
    return new Shipment(archive, null, context);
  }

  /** Receives the outcome. */
  get listener(): ShippingListener | undefined {
    return this.#context.listener;
  }

  /** The archive's digest in hex; undefined until the archive has been inspected. */
  get sha256(): string | undefined {
    return this.#sealed?.sha256 ?? this.#entry?.archive.sha256;
  }

  /** Whether the store has confirmed the archive, so that only the local file is left to settle. */
  get isVerified(): boolean {
    return this.#entry?.state === 'verified' || this.#entry?.state === 'settled';
  }

  /**
   * Whether the journal claims that an earlier writer shipped the archive to this store and kept
   * the file on purpose.
   */
  async claimsKept(): Promise<boolean> {
    const noted = await this.#readJournal();
    if (noted?.state !== 'settled' || noted.object.store !== this.#context.store.name) return false;
    const file = await findFile(this.archive.path, this.#context.files);
    if (!(await this.#isFileOf(noted.archive, file))) return false;
    this.#claim = noted;
    return true;
  }

  /** The object that `claimsKept` has found in the journal. */
  get claimedObject(): JournaledObject | undefined {
    return this.#claim?.object;
  }

  /**
   * Whether the store has the archive, which claims to be kept. Reads the file, and the object if
   * the store knows no digest of it, only where another archive could have the key.
   */
  async isStored(): Promise<boolean> {
    const found = this.#claim && (await findClaimed(this.#claim.object, this.#context));
    if (this.#claim === undefined || !found) return false;
    const named = this.#named(this.#claim.archive);
    const digest = found.metadata.sha256 ?? named.sha256;
    if (this.#isOwnKey(found.key, named) && digest === named.sha256) return true;
    return await this.#isHeldBy(found, await this.#inspect());
  }

  /**
   * Continues from the current state to the end.
   *
   * @throws whatever stopped the shipment; the caller may call this again
   */
  async advance(): Promise<ShippedArchive> {
    const { files, localFile, signal } = this.#context;
    const { archive, object } = await this.#verify(this.#entry ?? (await this.#begin()));
    signal.throwIfAborted();
    await this.#context.onConfirmed?.({ ...this.#named(archive), ...object });
    await settleFile(this.#named(archive), archive, localFile, files);
    if (localFile === 'keep') await this.#enter({ state: 'settled', archive, object });
    else await this.forget();
    return { ...this.#named(archive), ...object };
  }

  /** Removes the journal of an archive whose file is gone. */
  async forget(): Promise<void> {
    if (this.#context.isWithoutJournal) return;
    // The next start needs the journal to abort an upload that may be unfinished.
    if (this.#entry?.state === 'uploading' && this.#entry.upload.uploadId !== null) return;
    try {
      await this.#journal.remove();
    } catch (error) {
      this.#context.onToleratedFailure(this.archive, 'journal', error);
    }
  }

  /** Finds out what the archive holds, and how far an earlier process came with it. */
  async #begin(): Promise<JournalEntry> {
    const { files, store } = this.#context;
    const file = await findFile(this.archive.path, files);
    const noted = await this.#readJournal();
    // Its digest, times and counts decide what is sent, and under which key: the file says them, not
    // the journal.
    const archive = toJournaled(this.#sealed ?? (await this.#inspectOpened(noted, file)), file);
    const isCurrent = noted?.archive.sha256 === archive.sha256 && storeOf(noted) === store.name;
    const entry = isCurrent ? await this.#resume(noted, archive) : sealedEntry(archive);
    this.#isResumed = isCurrent;
    await this.#enter(entry);
    return entry;
  }

  /**
   * Deleting the file on the word of a journal could destroy the last copy: the journal may be
   * wrong, or the object may have been deleted since.
   */
  async #resume(noted: JournalEntry, archive: JournaledArchive): Promise<JournalEntry> {
    if (noted.state === 'sealed' || noted.state === 'uploading') return { ...noted, archive };
    const found = await findClaimed(noted.object, this.#context);
    if (found === null || !(await this.#isHeldBy(found, this.#named(archive)))) {
      return sealedEntry(archive);
    }
    const { storedSha256: _, ...object } = noted.object;
    return { state: 'verified', archive, object: { ...object, evidence: 'read-back' } };
  }

  /**
   * Whether an object holds this archive. The digest in its metadata is enough as long as no file
   * is deleted.
   */
  async #isHeldBy(found: StoredObject, archive: ShippableArchive): Promise<boolean> {
    const { sha256 } = found.metadata;
    if (this.#context.localFile === 'keep' && sha256 !== undefined) {
      return sha256 === archive.sha256;
    }
    return await holdsArchive(found, archive, this.#context);
  }

  #isOwnKey(key: string, named: ShippableArchive): boolean {
    const { arePlainKeysOwn, keys } = this.#context;
    return arePlainKeysOwn && keys.roleOf(key, named) === 'plain';
  }

  /**
   * When an archive was opened is the one fact that its file does not hold. It makes the key of an
   * archive without times, so that another time would send it under a second key.
   */
  async #inspectOpened(
    noted: JournalEntry | null,
    file: FileStatus | null,
  ): Promise<ShippableArchive> {
    const inspected = await this.#inspect();
    if (noted === null || !(await this.#isFileOf(noted.archive, file))) return inspected;
    const { openedAt } = noted.archive;
    return Number.isSafeInteger(Math.round(1000 * openedAt))
      ? { ...inspected, openedAt }
      : inspected;
  }

  #inspect(): Promise<ShippableArchive> {
    const { files, signal } = this.#context;
    return inspectArchive(this.archive, files, signal);
  }

  async #verify(entry: JournalEntry): Promise<VerifiedEntry> {
    if (entry.state === 'verified' || entry.state === 'settled') return entry;
    const { arePlainKeysOwn, compression, files, keys, onBytes, signal, store } = this.#context;
    const { archive } = entry;
    const named = this.#named(archive);
    if (entry.state === 'uploading') {
      const { upload } = entry;
      const role = keys.roleOf(upload.key, named);
      // Under any other key the upload is not this archive's: see `OrphanUploads`.
      if (role !== null) await this.#abort(upload, arePlainKeysOwn || role === 'distinct');
    }
    this.#isResumed = false;
    const object = await shipArchive(named, {
      store,
      signal,
      keys: keys.keysOf(named),
      contentType: compression.contentType,
      openBody: () => compressArchive(named, files, compression, onBytes),
      isPlainKeyOwn: arePlainKeysOwn,
      onSending: (key, uploadId) =>
        this.#enter({ state: 'uploading', archive, upload: { store: store.name, key, uploadId } }),
    });
    const verified = { state: 'verified', archive, object } as const;
    await this.#enter(verified);
    return verified;
  }

  /** Aborts rather than resumes: archives are bounded in size, so resending one costs little. */
  async #abort(upload: JournaledUpload, isKeyOwn: boolean): Promise<void> {
    // A put that fails aborts its upload; only a crash leaves one whose id was not noted.
    if (upload.uploadId === null && !this.#isResumed) return;
    try {
      await abortUnfinished(upload, isKeyOwn, this.#context);
    } catch (error) {
      // Credentials that may not abort uploads must not keep the archive out of the store.
      if (!(error instanceof StoreError) || error.transient) throw error;
      this.#context.onToleratedFailure(this.archive, 'abort-upload', error);
    }
  }

  async #readJournal(): Promise<JournalEntry | null> {
    if (this.#context.isWithoutJournal) return null;
    try {
      return await this.#journal.read();
    } catch (error) {
      this.#context.onToleratedFailure(this.archive, 'journal', error);
      return null;
    }
  }

  async #enter(entry: JournalEntry): Promise<void> {
    this.#entry = entry;
    if (this.#context.isWithoutJournal) return;
    try {
      await this.#journal.write(entry);
    } catch (error) {
      // Shipping frees the disk, so it must not wait for room.
      if (OUT_OF_SPACE.has(systemCodeOf(error) ?? '')) return;
      this.#context.onToleratedFailure(this.archive, 'journal', error);
    }
  }

  async #isFileOf(archive: JournaledArchive, file: FileStatus | null): Promise<boolean> {
    if (file === null) return false;
    const before = { ...archive, size: archive.bytes };
    return await isSameAsBefore(this.archive.path, file, before, this.#context.files);
  }

  #named({ ino, mtimeMs, ...facts }: JournaledArchive): ShippableArchive {
    const { name, path } = this.archive;
    return { ...facts, name, path };
  }
}

type SettledEntry = Extract<JournalEntry, { readonly object: JournaledObject }>;

function sealedEntry(archive: JournaledArchive): JournalEntry {
  return { state: 'sealed', archive };
}

/** An entry of an archive that the store has confirmed. */
interface VerifiedEntry {
  readonly archive: JournaledArchive;
  readonly object: JournaledObject;
}

function toJournaled(archive: ShippableArchive, file: FileStatus | null): JournaledArchive {
  const { bytes, firstTime, lastTime, openedAt, records, sha256 } = archive;
  // No file has inode 0, so a later file under the name is not mistaken for this one.
  const { ino, mtimeMs } = file ?? { ino: 0, mtimeMs: 0 };
  return { bytes, sha256, records, firstTime, lastTime, openedAt, ino, mtimeMs };
}

/** The store that an entry names; a sealed entry names none. */
export function storeOf(entry: JournalEntry): string | undefined {
  if (entry.state === 'sealed') return undefined;
  return entry.state === 'uploading' ? entry.upload.store : entry.object.store;
}
