import { ArchiveError } from '../../errors/archive-error.js';
import type { FileLayer } from '../../files/file-layer.js';
import { systemCodeOf } from '../../files/system-error.js';
import { monotonicMs } from '../../format/timers.js';
import type { ArchiveDraft } from '../receipts/archive-draft.js';
import { RECEIPT_LEVELS, type ReceiptLevel } from '../receipts/receipt-level.js';
import { ArchiveFile, type FileMark } from './archive-file.js';
import type { DiskFigures } from './disk-figures.js';
import type { DiskOperation, DiskRetry } from './disk-retry.js';
import { FileFaultError } from './file-fault.js';
import { FileReplacer } from './file-replacer.js';
import { UnsyncedBytes, type UnsyncedMemory } from './unsynced-memory.js';

export interface ArchiveSinkOptions {
  readonly directory: string;
  readonly files: FileLayer;
  readonly retry: DiskRetry;
  readonly figures: DiskFigures;
  readonly memory: UnsyncedMemory;
  /** Whether bytes stay in memory until they are synced. */
  readonly keepsUnsynced: boolean;
  /** Called when the file that may have lost records is closed, and its lease given back. */
  onLost(lost: LostRecords): void;
}

/**
 * Records that were written to an archive's file, which no longer holds them as they were: another
 * program has truncated or overwritten it, or the disk cannot read it.
 */
export interface LostRecords {
  /** The file. The whole blocks that are left in it are recovered: see the event `recovered`. */
  readonly archive: { readonly path: string; readonly name: string };
  /** How many records the file held; some of them may be left. */
  readonly records: number;
  /** The error that the receipts of these records reject with. */
  readonly error: Error;
}

/** The steps of a seal that depend on the content of the archive. */
export interface SealSteps {
  /** Encodes the index; null if the archive gets none. */
  index(file: ArchiveFile): Promise<Buffer | null>;
  /** The final name. */
  name(file: ArchiveFile): Promise<string>;
  /** Called when all bytes of the archive are synced, before it has its final name. */
  onSynced(): void;
}

/** The beginning of a draft that is not in its file, but in files that other processes recover. */
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

/** Failures of a full disk. */
const NO_ROOM: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT']);

/**
 * Where the encoder's bytes go: the open archive's file, its lease and its syncs. Repeats each step
 * until it succeeds (`DiskRetry`). Replaces a file that is suspect, or that another process has
 * taken, by a new one: it reads synced bytes back from the old file, and has kept the others in
 * memory.
 */
export class ArchiveSink {
  readonly #draft: ArchiveDraft;
  readonly #options: ArchiveSinkOptions;
  readonly #unsynced: UnsyncedBytes;
  #file: ArchiveFile;
  #synced: SyncedMark;
  #records = 0;
  #missing: MissingBeginning = { bytes: 0, records: 0, archives: 0 };
  /** The file that was replaced, until it is set aside. */
  #replaced: { readonly file: ArchiveFile; readonly lost: LostRecords | null } | null = null;
  /** The end of the records, once the last of them are written. */
  #end: FileMark | null = null;
  /** Whether the index is written, or left out because the disk is full. */
  #isComplete = false;
  readonly #replacer: FileReplacer;
  #turn: Promise<unknown> = Promise.resolve();

  /**
   * Creates the archive's file.
   *
   * @param asFatal turns an error of one attempt into an error that ends the attempts, if it must
   * @throws the error of an attempt that cannot succeed later
   */
  static async create(
    draft: ArchiveDraft,
    options: ArchiveSinkOptions,
    asFatal: (error: unknown) => unknown,
  ): Promise<ArchiveSink> {
    const { directory, figures, files, retry } = options;
    const step = { operation: 'create', archive: draft.name } as const;
    const file = await retry.run(step, async () => {
      try {
        return await ArchiveFile.create(directory, draft.name, files, figures);
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
    const { directory, figures, files } = options;
    this.#replacer = new FileReplacer(directory, draft.name, files, figures);
  }

  /** The current file: another one after the file was replaced. */
  get file(): ArchiveFile {
    return this.#file;
  }

  /** The records that this archive lost to other processes, which recover them. */
  get missing(): MissingBeginning {
    return this.#missing;
  }

  /**
   * Appends bytes, and takes over their memory.
   *
   * @param records how many records the archive has with them
   */
  async append(bytes: Buffer, records: number): Promise<void> {
    await this.#step('write', () =>
      this.#inTurn(async () => {
        await this.#replaceFaulty();
        const { figures, keepsUnsynced, memory } = this.#options;
        const begunMs = monotonicMs();
        // In one step: a sync that began in between would count the bytes as synced and keep them
        // as unsynced.
        await this.#file.append(bytes, () => {
          this.#records = records;
          if (keepsUnsynced) this.#unsynced.add(bytes);
        });
        figures.wrote(this.#file.openPath, bytes.length, records, monotonicMs() - begunMs);
        if (!keepsUnsynced) await memory.pass(bytes, this.#file.hashed);
      }),
    );
  }

  /** Syncs all bytes that were appended so far. */
  async datasync(): Promise<void> {
    await this.#step('sync', async () => {
      if (this.#needsReplacing) await this.#inTurn(() => this.#replaceFaulty());
      const file = this.#file;
      const end = this.#unsynced.end;
      const synced = { ...file.mark(), records: this.#records };
      await file.datasync();
      // A write that failed meanwhile may have consumed the error of the very bytes that this sync
      // covers.
      if (this.#needsReplacing) await this.#inTurn(() => this.#replaceFaulty());
      else if (file === this.#file) this.#hasSynced(synced, end);
    });
  }

  /**
   * Completes the archive, and gives it its final name.
   *
   * @returns the name; null if other processes took all of it, and recover it
   */
  async seal(steps: SealSteps): Promise<string | null> {
    return await this.#step('seal', () => this.#inTurn(() => this.#seal(steps)));
  }

  /**
   * Closes the file and gives its lease back. The file stays open by its name; an empty one is
   * removed.
   */
  async abandon(): Promise<void> {
    await this.#turn.catch(() => undefined);
    this.#unsynced.release(this.#unsynced.end);
    const files = [this.#replaced?.file.leave(), this.#replacer.abandon(), this.#file.abandon()];
    const failed = (await Promise.allSettled(files)).find(({ status }) => status === 'rejected');
    if (failed?.status === 'rejected') throw failed.reason;
  }

  get #needsReplacing(): boolean {
    return this.#file.fault !== null || this.#replaced !== null;
  }

  async #step<T>(operation: DiskOperation, attempt: () => Promise<T>): Promise<T> {
    return await this.#options.retry.run({ operation, archive: this.#file.name }, attempt);
  }

  /** Runs steps that use or replace the file one at a time. */
  async #inTurn<T>(go: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(go, go);
    this.#turn = turn;
    return await turn;
  }

  async #seal(steps: SealSteps): Promise<string | null> {
    await this.#replaceFaulty();
    const file = this.#file;
    if (this.#records === this.#missing.records) {
      // All records are in files of other processes. Leave no empty archive behind.
      await file.discard();
      return null;
    }
    await this.#complete(steps);
    await file.finish();
    // Without the index, which another file would get again.
    const end = this.#end ?? file.mark();
    this.#hasSynced({ ...end, records: this.#records }, this.#unsynced.end);
    steps.onSynced();
    try {
      return await file.takeName(await steps.name(file));
    } catch (error) {
      // All bytes were synced before the file was taken: the process that took it has them.
      if (!(error instanceof FileFaultError) || error.fault !== 'taken') throw error;
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

  async #complete(steps: SealSteps): Promise<void> {
    if (this.#isComplete) return;
    this.#end = this.#file.mark();
    const index = await steps.index(this.#file);
    try {
      if (index !== null) await this.#file.append(index);
    } catch (error) {
      // Leave the room for records. Without an index, a reader scans the archive.
      if (!NO_ROOM.has(systemCodeOf(error) ?? '')) throw error;
    }
    this.#isComplete = true;
  }

  /** Replaces the file if it has a fault. */
  async #replaceFaulty(): Promise<void> {
    await this.#setReplacedAside();
    const old = this.#file;
    if (old.fault === null) return;
    const written = this.#end ?? old.mark();
    const { keepsUnsynced } = this.#options;
    const unsynced = keepsUnsynced ? this.#unsynced.pieces : null;
    const content = { synced: this.#synced, written, unsynced };
    this.#file = await this.#replacer.replace(old, content).catch((error) => {
      // A writer that must end has no other attempt.
      if (error instanceof FileFaultError) return this.#replacer.replace(old, content);
      throw error;
    });
    this.#isComplete = false;
    this.#end = null;
    const lost = old.fault === 'suspect' ? null : this.#leaveBeginning(old, written);
    this.#replaced = { file: old, lost };
    this.#hasSynced({ ...this.#file.mark(), records: this.#records }, this.#unsynced.end);
    await this.#setReplacedAside();
  }

  async #setReplacedAside(): Promise<void> {
    const replaced = this.#replaced;
    await replaced?.file.setAside();
    this.#replaced = null;
    if (replaced?.lost) this.#options.onLost(replaced.lost);
  }

  /**
   * Gives up the records that are only in the old file.
   *
   * @returns those that may be lost; null if another process has them and seals them
   */
  #leaveBeginning(old: ArchiveFile, written: FileMark): LostRecords | null {
    const { archives, bytes, records } = this.#missing;
    const isTaken = old.fault === 'taken';
    // If unsynced bytes are neither in memory nor in a readable file, all written records stay in
    // the old file.
    const isAllLeft = !isTaken && !this.#options.keepsUnsynced;
    const left = isAllLeft ? { ...written, records: this.#records } : this.#synced;
    const error = isTaken ? recoveredElsewhere(old) : changedByOthers(old);
    const levels: readonly ReceiptLevel[] = isTaken ? ['sealed', 'shipped'] : RECEIPT_LEVELS;
    this.#draft.progress.lose(levels, { begin: records, end: left.records }, error);
    this.#missing = {
      bytes: bytes + left.bytes,
      records: left.records,
      // An empty file is not recovered as an archive.
      archives: archives + (written.bytes > 0 ? 1 : 0),
    };
    if (isTaken || left.records === records) return null;
    const archive = { path: old.openPath, name: old.name };
    return { archive, records: left.records - records, error };
  }
}

function recoveredElsewhere({ openPath }: ArchiveFile): ArchiveError {
  const message = `${openPath} is sealed by the process that recovers it`;
  return new ArchiveError('ERR_LEASE_LOST', message);
}

function changedByOthers({ cause, openPath }: ArchiveFile): ArchiveError {
  const message = `${openPath} no longer holds the records that were written to it`;
  return new ArchiveError('ERR_ARCHIVE_CHANGED', message, { cause });
}
