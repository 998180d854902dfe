import { ArchiveError } from '../../errors/archive-error.js';
import type { FileLayer } from '../../files/file-layer.js';
import { systemCodeOf } from '../../files/system-error.js';
import type { ArchiveDraft } from '../receipts/archive-draft.js';
import { ArchiveFile, type FileMark } from './archive-file.js';
import type { DiskOperation, DiskRetry } from './disk-retry.js';
import { FileFaultError } from './file-fault.js';
import { FileReplacer } from './file-replacer.js';
import { UnsyncedBytes, type UnsyncedMemory } from './unsynced-memory.js';

export interface ArchiveSinkOptions {
  readonly directory: string;
  readonly files: FileLayer;
  readonly retry: DiskRetry;
  readonly memory: UnsyncedMemory;
  /** Whether bytes are kept in memory until they are synced. */
  readonly keepsUnsynced: boolean;
}

/** How the last bytes of an archive, and its name, follow from what is in it. */
export interface SealSteps {
  /** The index; null where there is none. */
  index(file: ArchiveFile): Promise<Buffer | null>;
  name(file: ArchiveFile): Promise<string>;
  /** All that is in the archive lasts. */
  onSynced(): void;
}

/** What of a draft its file does not hold: a beginning that is in files which others recover. */
export interface MissingBeginning {
  readonly bytes: number;
  readonly records: number;
  /** How many files hold it. */
  readonly archives: number;
}

/** How far an archive is synced. */
interface SyncedMark extends FileMark {
  readonly records: number;
}

/** There is no room. */
const NO_ROOM: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT']);

/**
 * An archive that is written whatever the disk does. Each step is made again until it succeeds (`DiskRetry`).
 * A file that nobody can rely on any more, or that was taken away, is replaced by a new one: what was synced
 * is read back from the old one, what was not is still in memory.
 */
export class ArchiveSink {
  readonly #draft: ArchiveDraft;
  readonly #options: ArchiveSinkOptions;
  readonly #unsynced: UnsyncedBytes;
  #file: ArchiveFile;
  #synced: SyncedMark;
  #records = 0;
  #missing: MissingBeginning = { bytes: 0, records: 0, archives: 0 };
  /** Replaced, and not out of the way yet. */
  #replaced: ArchiveFile | null = null;
  /** Where the records end, once the last of them are written. */
  #end: FileMark | null = null;
  /** Whether what comes behind the records is written, or there is no room for it. */
  #isComplete = false;
  readonly #replacer: FileReplacer;
  #turn: Promise<unknown> = Promise.resolve();

  /** @throws what no other attempt can mend */
  static async create(
    draft: ArchiveDraft,
    options: ArchiveSinkOptions,
    asFatal: (error: unknown) => unknown,
  ): Promise<ArchiveSink> {
    const { directory, files, retry } = options;
    const step = { operation: 'create', archive: draft.name } as const;
    const file = await retry.run(step, async () => {
      try {
        return await ArchiveFile.create(directory, draft.name, files);
      } catch (error) {
        throw asFatal(error);
      }
    });
    return new ArchiveSink(draft, file, options);
  }

  private constructor(draft: ArchiveDraft, file: ArchiveFile, options: ArchiveSinkOptions) {
    this.#draft = draft;
    this.#file = file;
    this.#options = options;
    this.#unsynced = new UnsyncedBytes(options.memory);
    this.#synced = { ...file.mark(), records: 0 };
    this.#replacer = new FileReplacer(options.directory, draft.name, options.files);
  }

  /** Its file now. */
  get file(): ArchiveFile {
    return this.#file;
  }

  get missing(): MissingBeginning {
    return this.#missing;
  }

  /**
   * Appends bytes, whose memory is not the caller's any more.
   *
   * @param records how many the archive has with them
   */
  async append(bytes: Buffer, records: number): Promise<void> {
    await this.#step('write', () =>
      this.#inTurn(async () => {
        await this.#mend();
        const { keepsUnsynced, memory } = this.#options;
        // Else a sync that begins meanwhile would count them as synced, and as yet to be written anew.
        await this.#file.append(bytes, () => {
          this.#records = records;
          if (keepsUnsynced) this.#unsynced.add(bytes);
        });
        if (!keepsUnsynced) await memory.pass(bytes, this.#file.digested);
      }),
    );
  }

  /** Makes all bytes that were appended so far last. */
  async datasync(): Promise<void> {
    await this.#step('sync', async () => {
      if (this.#needsMending) await this.#inTurn(() => this.#mend());
      const file = this.#file;
      const end = this.#unsynced.end;
      const synced = { ...file.mark(), records: this.#records };
      await file.datasync();
      // A write may have failed meanwhile, and have been told of the bytes that this was to sync.
      if (this.#needsMending) await this.#inTurn(() => this.#mend());
      else if (file === this.#file) this.#hasSynced(synced, end);
    });
  }

  /**
   * Completes the archive, and gives it its name.
   *
   * @returns the name; null where all of it was taken by somebody who recovers it
   */
  async seal(finish: SealSteps): Promise<string | null> {
    return await this.#step('seal', () => this.#inTurn(() => this.#seal(finish)));
  }

  /** Lets go of the file, which stays as it is, open by its name. */
  async abandon(): Promise<void> {
    await this.#turn.catch(() => undefined);
    this.#unsynced.release(this.#unsynced.end);
    const files = [this.#replaced?.leave(), this.#replacer.abandon(), this.#file.abandon()];
    const failed = (await Promise.allSettled(files)).find(({ status }) => status === 'rejected');
    if (failed?.status === 'rejected') throw failed.reason;
  }

  get #needsMending(): boolean {
    return this.#file.fault !== null || this.#replaced !== null;
  }

  async #step<T>(operation: DiskOperation, attempt: () => Promise<T>): Promise<T> {
    return await this.#options.retry.run({ operation, archive: this.#file.name }, attempt);
  }

  /** One at a time, of what must not change the file under another's hands. */
  async #inTurn<T>(go: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(go, go);
    this.#turn = turn;
    return await turn;
  }

  async #seal(finish: SealSteps): Promise<string | null> {
    await this.#mend();
    const file = this.#file;
    if (this.#records === this.#missing.records) {
      // Nothing is left for it, and an empty archive is none.
      await file.discard();
      return null;
    }
    await this.#complete(finish);
    await file.finish();
    this.#hasSynced({ ...file.mark(), records: this.#records }, this.#unsynced.end);
    finish.onSynced();
    try {
      return await file.takeName(await finish.name(file));
    } catch (error) {
      // All of it lasts: it is in what they read who took it.
      if (!(error instanceof FileFaultError)) throw error;
      const { archives, bytes } = this.#missing;
      this.#missing = { bytes: bytes + file.bytes, records: this.#records, archives: archives + 1 };
      await file.leave();
      return null;
    }
  }

  #hasSynced(synced: SyncedMark, end: number): void {
    this.#synced = synced;
    this.#unsynced.release(end);
  }

  async #complete(finish: SealSteps): Promise<void> {
    if (this.#isComplete) return;
    this.#end = this.#file.mark();
    const index = await finish.index(this.#file);
    try {
      if (index !== null) await this.#file.append(index);
    } catch (error) {
      // It costs whoever reads a scan. What room there is, is for records.
      if (!NO_ROOM.has(systemCodeOf(error) ?? '')) throw error;
    }
    this.#isComplete = true;
  }

  /** Replaces the file where that has to be, so that it is good to be written to. */
  async #mend(): Promise<void> {
    await this.#setReplacedAside();
    const old = this.#file;
    if (old.fault === null) return;
    const written = this.#end ?? old.mark();
    const { keepsUnsynced } = this.#options;
    const unsynced = keepsUnsynced ? this.#unsynced.pieces : null;
    const synced = this.#synced;
    this.#file = await this.#replacer.replace(old, { synced, written, unsynced });
    this.#replaced = old;
    this.#isComplete = false;
    this.#end = null;
    if (old.fault !== 'suspect') this.#leaveBeginning(old, written);
    this.#hasSynced({ ...this.#file.mark(), records: this.#records }, this.#unsynced.end);
    await this.#setReplacedAside();
  }

  async #setReplacedAside(): Promise<void> {
    await this.#replaced?.setAside();
    this.#replaced = null;
  }

  /** What was synced is in a file that others recover, and so is what they find behind it. */
  #leaveBeginning(old: ArchiveFile, written: FileMark): void {
    const { archives, bytes, records } = this.#missing;
    const { progress } = this.#draft;
    const message = `${old.openPath} is sealed by whoever recovers it`;
    const error = new ArchiveError('ERR_LEASE_LOST', message);
    // Without what was not synced in memory, or in a file that can be read, nothing of it is left.
    const isAllLeft = old.fault === 'unreadable' && !this.#options.keepsUnsynced;
    const left = isAllLeft ? { ...written, records: this.#records } : this.#synced;
    progress.lose(['sealed', 'shipped'], { begin: records, end: left.records }, error);
    progress.lose(['synced'], { begin: this.#synced.records, end: left.records }, error);
    this.#missing = {
      bytes: bytes + left.bytes,
      records: left.records,
      // Where nothing was written there is nothing to recover.
      archives: archives + (written.bytes > 0 ? 1 : 0),
    };
  }
}
