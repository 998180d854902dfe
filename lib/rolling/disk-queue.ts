import type { FileLayer } from '../storage/file-layer.js';
import type { ArchiveDraft } from './archive-draft.js';
import { ArchiveFile } from './archive-file.js';
import type { OpenedArchive, SealedArchive } from './archive-handler.js';
import type { ArchiveEnd, ArchiveSealer } from './archive-sealer.js';

export interface DiskQueueListener {
  /** A file was created for `draft`. */
  onOpened(archive: OpenedArchive): void;
  onSealed(archive: SealedArchive): void;
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
  /** What has to be done before the first file may be created. */
  readonly ready: Promise<void>;
  readonly listener: DiskQueueListener;
}

/** Sealing goes on beside writing. That many archives may wait for it, each with a file open. */
const MAX_SEALS_WAITING = 4;

/**
 * Puts a writer's bytes on disk: one write at a time, in order, and beside them the seals of archives
 * that are complete, in order, too.
 */
export class DiskQueue {
  readonly #options: DiskQueueOptions;
  readonly #openFiles = new Map<ArchiveDraft, ArchiveFile>();
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
    const file = this.#openFiles.get(draft) ?? (await this.#create(draft));
    await file.append(bytes);
    this.#options.listener.onWritten(bytes);
    if (end !== null) this.#sealSoon(draft, file, end);
  }

  async #create(draft: ArchiveDraft): Promise<ArchiveFile> {
    const { directory, files, listener, ready, writer } = this.#options;
    await ready;
    const file = await ArchiveFile.create(directory, draft.name, files);
    this.#openFiles.set(draft, file);
    const { ordinal, openedAt } = draft;
    listener.onOpened({ path: file.openPath, name: file.name, ordinal, writer, openedAt });
    return file;
  }

  #sealSoon(draft: ArchiveDraft, file: ArchiveFile, end: ArchiveEnd): void {
    this.#sealsWaiting++;
    this.#sealing = this.#sealing
      .then(() => this.#seal(draft, file, end))
      .catch((error) => {
        this.#hasSealFailed = true;
        this.#fail(error);
      })
      .then(() => {
        this.#sealsWaiting--;
        this.#options.listener.onProgress();
      });
  }

  async #seal(draft: ArchiveDraft, file: ArchiveFile, end: ArchiveEnd): Promise<void> {
    // The order of seals is a promise: after a failed one the others stay open.
    if (this.#hasSealFailed) return;
    const archive = await this.#options.sealer.seal(draft, file, end);
    this.#openFiles.delete(draft);
    this.#options.listener.onSealed(archive);
  }

  async #abandonAll(): Promise<void> {
    // All of them, also where one cannot be closed.
    const files = [...this.#openFiles.values()];
    const results = await Promise.allSettled(files.map((file) => file.abandon()));
    const failed = results.find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  #fail(error: unknown): void {
    if (this.#hasFailed) return;
    this.#hasFailed = true;
    this.#options.listener.onFailure(error);
  }
}
