import type { FileLayer } from '../../files/file-layer.js';
import type { Clock } from '../../streams/clock.js';
import type { OpenedArchive, SealedArchive } from '../handlers/archive-handler.js';
import type { ArchiveDraft } from '../receipts/archive-draft.js';
import { ArchiveSink } from '../sink/archive-sink.js';
import { ArchiveSync, type SyncMode } from '../sink/archive-sync.js';
import type { DiskRetry } from '../sink/disk-retry.js';
import { UnsyncedMemory } from '../sink/unsynced-memory.js';
import { asDirectoryError } from './archive-directory.js';
import type { ArchiveEnd, ArchiveSealer } from './archive-sealer.js';
import type { Handover } from './handover.js';

export interface SinkQueueListener {
  /** A file was created for `draft`. */
  onOpened(archive: OpenedArchive): void;
  onSealed(archive: SealedArchive, draft: ArchiveDraft): void;
  /** Others have taken all files of `draft`, with all its records, and seal them. */
  onTaken(draft: ArchiveDraft): void;
  /** The memory of `bytes` is nobody's: they are safe elsewhere. */
  onFree(bytes: Buffer): void;
  /** `isBusy` may have changed. */
  onProgress(): void;
  /** Something failed that cannot be mended, or may not be waited for: nothing more is written. Told once. */
  onFailure(error: unknown): void;
}

export interface SinkQueueOptions {
  readonly directory: string;
  readonly files: FileLayer;
  readonly sealer: ArchiveSealer;
  readonly writer: string;
  readonly syncMode: SyncMode;
  readonly maxUnsyncedBytes: number;
  readonly clock: Clock;
  readonly retry: DiskRetry;
  /** What has to be done before the first file may be created. */
  readonly ready: Promise<void>;
  readonly listener: SinkQueueListener;
}

/** An archive that is written or sealed. */
interface LiveArchive {
  readonly archive: ArchiveSink;
  readonly sync: ArchiveSync;
}

/** Sealing goes on beside writing. That many archives may wait for it, each with a file open. */
const MAX_SEALS_WAITING = 4;

/**
 * Puts a writer's bytes on disk: one write at a time, in order, and beside them the seals of archives
 * that are complete, in order, too.
 */
export class SinkQueue {
  readonly #options: SinkQueueOptions;
  readonly #live = new Map<ArchiveDraft, LiveArchive>();
  readonly #memory: UnsyncedMemory;
  /** Whether the directory has ever taken a file. */
  #isProven = false;
  readonly #waiting: Handover[] = [];
  #writing: Promise<void> | null = null;
  #sealing: Promise<void> = Promise.resolve();
  #sealsWaiting = 0;
  #closing: Promise<void> | undefined;
  #hasFailed = false;
  #hasSealFailed = false;

  constructor(options: SinkQueueOptions) {
    this.#options = options;
    const { listener, maxUnsyncedBytes } = options;
    this.#memory = new UnsyncedMemory(maxUnsyncedBytes, (bytes) => listener.onFree(bytes));
  }

  /** Whether bytes that it is given have to wait; `onProgress` tells when that may have ended. */
  get isBusy(): boolean {
    return this.#mustWait || this.isBehind;
  }

  /** Whether bytes wait. */
  get isBehind(): boolean {
    return this.#waiting.length > 0;
  }

  /** How many bytes wait. */
  get waitingBytes(): number {
    return this.#waiting.reduce((sum, { bytes }) => sum + bytes.length, 0);
  }

  /** Writes bytes of an archive, whose file is created with its first, behind those that wait. */
  write(handover: Handover): void {
    this.#waiting.push(handover);
    this.#next();
  }

  /** Somebody waits for the draft's first `records` records to be synced, written or not. */
  wantSynced(draft: ArchiveDraft, records: number): void {
    draft.wantedRecords = records;
    this.#live.get(draft)?.sync.want(records);
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

  get #mustWait(): boolean {
    return this.#hasFailed || this.#writing !== null || this.#sealsWaiting >= MAX_SEALS_WAITING;
  }

  #next(): void {
    if (this.#mustWait) return;
    const handover = this.#waiting.shift();
    if (handover === undefined) return;
    this.#writing = this.#writeOut(handover).catch((error) => this.#fail(error));
    void this.#writing.then(() => {
      this.#writing = null;
      this.#progress();
    });
  }

  #progress(): void {
    this.#next();
    this.#options.listener.onProgress();
  }

  async #writeOut({ draft, bytes, records, end }: Handover): Promise<void> {
    const { progress } = draft;
    const { archive, sync } = this.#live.get(draft) ?? (await this.#create(draft));
    await this.#makeRoom();
    await archive.append(bytes, records);
    progress.archive = archive.file.name;
    progress.reach('written', records);
    sync.wrote(records);
    if (this.#memory.isHalfFull) this.#syncAll();
    if (end !== null) this.#sealSoon(draft, end);
  }

  async #create(draft: ArchiveDraft): Promise<LiveArchive> {
    const { clock, listener, ready, syncMode: mode, writer } = this.#options;
    await ready;
    const archive = await this.#createFile(draft);
    const sync = new ArchiveSync({
      mode,
      clock,
      sync: () => archive.datasync(),
      onSynced: (records) => draft.progress.reach('synced', records),
      onFailure: (error) => this.#fail(error),
    });
    sync.want(draft.wantedRecords);
    const live = { archive, sync };
    this.#live.set(draft, live);
    const { ordinal, openedAt } = draft;
    const { name, openPath: path } = archive.file;
    listener.onOpened({ path, name, ordinal, writer, openedAt });
    return live;
  }

  async #createFile(draft: ArchiveDraft): Promise<ArchiveSink> {
    const { directory, syncMode } = this.#options;
    const keepsUnsynced = syncMode !== 'no';
    const options = { ...this.#options, keepsUnsynced, memory: this.#memory };
    const asFatal = (error: unknown) => asDirectoryError(directory, error);
    try {
      // A directory that never took a file is a mistake; one that did may do so again.
      const asFailure = this.#isProven ? (error: unknown) => error : asFatal;
      const archive = await ArchiveSink.create(draft, options, asFailure);
      this.#isProven = true;
      return archive;
    } catch (error) {
      throw asFatal(error);
    }
  }

  /** Waits for a sync where too much is not synced yet. */
  async #makeRoom(): Promise<void> {
    while (this.#memory.isFull && !this.#hasFailed) {
      this.#syncAll();
      await this.#memory.released();
    }
  }

  #syncAll(): void {
    for (const { sync } of this.#live.values()) sync.wantWritten();
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
        this.#progress();
      });
  }

  async #seal(draft: ArchiveDraft, end: ArchiveEnd): Promise<void> {
    const live = this.#live.get(draft);
    // The order of seals is a promise: after a failed one the others stay open.
    if (live === undefined || this.#hasSealFailed) return;
    const { archive, sync } = live;
    const { progress, records } = draft;
    await sync.stop();
    const onSynced = () => progress.reach('synced', records);
    const sealed = await this.#options.sealer.seal(draft, archive, end, onSynced);
    this.#live.delete(draft);
    if (sealed === null) {
      this.#options.listener.onTaken(draft);
      return;
    }
    progress.archive = sealed.name;
    progress.reach('sealed', records);
    this.#options.listener.onSealed(sealed, draft);
  }

  async #abandonAll(): Promise<void> {
    // All of them, also where one cannot be closed.
    const results = await Promise.allSettled(
      [...this.#live.values()].map(async ({ archive, sync }) => {
        await sync.stop();
        await archive.abandon();
      }),
    );
    const failed = results.find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  #fail(error: unknown): void {
    if (this.#hasFailed) return;
    this.#hasFailed = true;
    this.#memory.end();
    this.#options.listener.onFailure(error);
  }
}
