import type { FileLayer } from '../storage/file-layer.js';
import type { Clock } from '../streams/clock.js';
import type { ArchiveDraft } from './archive-draft.js';
import { ArchiveFile } from './archive-file.js';
import type { OpenedArchive, SealedArchive } from './archive-handler.js';
import type { ArchiveEnd, ArchiveSealer } from './archive-sealer.js';
import { ArchiveSync, type SyncMode } from './archive-sync.js';

export interface DiskQueueListener {
  /** A file was created for `draft`. */
  onOpened(archive: OpenedArchive): void;
  onSealed(archive: SealedArchive, draft: ArchiveDraft): void;
  /** `bytes` are written, and their memory is nobody's. */
  onWritten(bytes: Buffer): void;
  /** `isBusy` may have changed. */
  onProgress(): void;
  /** A system call failed: nothing more is written. Told once. */
  onFailure(error: unknown): void;
}

export interface DiskQueueOptions {
  readonly directory: string;
  readonly files: FileLayer;
  readonly sealer: ArchiveSealer;
  readonly writer: string;
  readonly syncMode: SyncMode;
  readonly clock: Clock;
  /** What has to be done before the first file may be created. */
  readonly ready: Promise<void>;
  readonly listener: DiskQueueListener;
}

/** The file of an archive that is written or sealed. */
interface LiveFile {
  readonly file: ArchiveFile;
  readonly sync: ArchiveSync;
}

/** Sealing goes on beside writing. That many archives may wait for it, each with a file open. */
const MAX_SEALS_WAITING = 4;

/**
 * Puts a writer's bytes on disk: one write at a time, in order, and beside them the seals of archives
 * that are complete, in order, too.
 */
export class DiskQueue {
  readonly #options: DiskQueueOptions;
  readonly #openFiles = new Map<ArchiveDraft, LiveFile>();
  #writing: Promise<void> | null = null;
  #sealing: Promise<void> = Promise.resolve();
  #sealsWaiting = 0;
  #closing: Promise<void> | undefined;
  #hasFailed = false;
  #hasSealFailed = false;

  constructor(options: DiskQueueOptions) {
    this.#options = options;
  }

  /** Whether it takes no bytes now; `onProgress` tells when it may again. */
  get isBusy(): boolean {
    return this.#hasFailed || this.#writing !== null || this.#sealsWaiting >= MAX_SEALS_WAITING;
  }

  /**
   * Writes bytes of an archive, whose file is created with its first. Must not be busy.
   *
   * @param end given with the last bytes of the archive, which is then sealed
   */
  write(draft: ArchiveDraft, bytes: Buffer, end: ArchiveEnd | null): void {
    this.#writing = this.#writeOut(draft, bytes, end).catch((error) => this.#fail(error));
    void this.#writing.then(() => {
      this.#writing = null;
      this.#options.listener.onProgress();
    });
  }

  /** Somebody waits for the draft's first `records` records to be synced, written or not. */
  wantSynced(draft: ArchiveDraft, records: number): void {
    draft.wantedRecords = records;
    this.#openFiles.get(draft)?.sync.want(records);
  }

  /** Settles when all that was given to it is on disk, sealed where it was complete, or has failed. */
  async idle(): Promise<void> {
    // Progress may begin the next write, and that end in the next seal.
    let sealing: Promise<void>;
    do {
      sealing = this.#sealing;
      await sealing;
      while (this.#writing !== null) await this.#writing;
    } while (sealing !== this.#sealing);
  }

  /** Closes what is still open: archives that could not be sealed stay as they are. */
  async close(): Promise<void> {
    this.#closing ??= this.#abandonAll();
    await this.#closing;
  }

  async #writeOut(draft: ArchiveDraft, bytes: Buffer, end: ArchiveEnd | null): Promise<void> {
    const { progress, records } = draft;
    const { file, sync } = this.#openFiles.get(draft) ?? (await this.#create(draft));
    await file.append(bytes);
    progress.archive = file.name;
    progress.reach('written', records);
    sync.wrote(records);
    this.#options.listener.onWritten(bytes);
    if (end !== null) this.#sealSoon(draft, end);
  }

  async #create(draft: ArchiveDraft): Promise<LiveFile> {
    const { clock, directory, files, listener, ready, syncMode: mode, writer } = this.#options;
    await ready;
    const file = await ArchiveFile.create(directory, draft.name, files);
    const sync = new ArchiveSync({
      mode,
      clock,
      sync: () => file.datasync(),
      onSynced: (records) => draft.progress.reach('synced', records),
      onFailure: (error) => this.#fail(error),
    });
    sync.want(draft.wantedRecords);
    this.#openFiles.set(draft, { file, sync });
    const { ordinal, openedAt } = draft;
    listener.onOpened({ path: file.openPath, name: file.name, ordinal, writer, openedAt });
    return { file, sync };
  }

  #sealSoon(draft: ArchiveDraft, end: ArchiveEnd): void {
    this.#sealsWaiting++;
    this.#sealing = this.#sealing
      .then(() => this.#seal(draft, end))
      .catch((error) => {
        this.#hasSealFailed = true;
        this.#fail(error);
      })
      .then(() => {
        this.#sealsWaiting--;
        this.#options.listener.onProgress();
      });
  }

  async #seal(draft: ArchiveDraft, end: ArchiveEnd): Promise<void> {
    const live = this.#openFiles.get(draft);
    // The order of seals is a promise: after a failed one the others stay open.
    if (live === undefined || this.#hasSealFailed) return;
    const { file, sync } = live;
    await sync.stop();
    const archive = await this.#options.sealer.seal(draft, file, end);
    this.#openFiles.delete(draft);
    draft.progress.archive = archive.name;
    draft.progress.reach('synced', draft.records);
    draft.progress.reach('sealed', draft.records);
    this.#options.listener.onSealed(archive, draft);
  }

  async #abandonAll(): Promise<void> {
    // All of them, also where one cannot be closed.
    const live = [...this.#openFiles.values()];
    const results = await Promise.allSettled(
      live.map(async ({ file, sync }) => {
        await sync.stop();
        await file.abandon();
      }),
    );
    const failed = results.find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  #fail(error: unknown): void {
    if (this.#hasFailed) return;
    this.#hasFailed = true;
    this.#options.listener.onFailure(error);
  }
}
