import type { FileLayer } from '../../files/file-layer.js';
import { monotonicMs } from '../../format/timers.js';
import type { Clock } from '../../streams/clock.js';
import { Waiters } from '../../streams/waiters.js';
import type { ArchiveDraft } from '../receipts/archive-draft.js';
import { ArchiveSink, type LostRecords } from '../sink/archive-sink.js';
import { ArchiveSync, type SyncMode } from '../sink/archive-sync.js';
import type { DiskFigures } from '../sink/disk-figures.js';
import type { DiskRetry } from '../sink/disk-retry.js';
import type { SlabKeeper } from '../sink/slab-keeper.js';
import { UnsyncedMemory } from '../sink/unsynced-memory.js';
import { asDirectoryError } from './archive-directory.js';
import type { ArchiveListener } from './archive-listener.js';
import type { ArchiveEnd, ArchiveSealer } from './archive-sealer.js';

/** Bytes of an archive on their way to its file. */
export interface Handover {
  readonly draft: ArchiveDraft;
  readonly bytes: Buffer;
  /** Settles when the bytes are complete; null if they are. Until then nothing else uses them. */
  readonly completed: Promise<void> | null;
  /** How many records the archive has with these bytes. */
  readonly records: number;
  /** Given with the last bytes of the archive, which is then sealed. */
  readonly end: ArchiveEnd | null;
}

export interface SinkQueueOptions {
  readonly directory: string;
  readonly files: FileLayer;
  readonly sealer: ArchiveSealer;
  /** The writer's id, 16 hex digits. */
  readonly writer: string;
  readonly syncMode: SyncMode;
  readonly maxUnsyncedBytes: number;
  readonly clock: Clock;
  readonly retry: DiskRetry;
  readonly figures: DiskFigures;
  /** Settles when files may be created. */
  readonly ready: Promise<void>;
  /** Gets back the memory of bytes that are safe on disk. */
  readonly slabs: SlabKeeper;
  /** Memory for unsynced bytes, shared with other writers. @default memory for this writer alone */
  readonly unsynced?: UnsyncedMemory | undefined;
  readonly listener: ArchiveListener;
  /** Called when `isBusy` may have changed. */
  readonly onProgress: () => void;
}

/** An archive that is being written or sealed. */
interface LiveArchive {
  readonly archive: ArchiveSink;
  readonly sync: ArchiveSync;
}

/**
 * Archives are sealed while the next ones are written. So many may wait for that, each with a file
 * open.
 */
const MAX_SEALS_WAITING = 4;

/**
 * Puts a writer's bytes on disk: one write at a time, in order, and beside them the seals of
 * complete archives, one at a time and in order as well.
 */
export class SinkQueue {
  readonly #options: SinkQueueOptions;
  readonly #live = new Map<ArchiveDraft, LiveArchive>();
  readonly #memory: UnsyncedMemory;
  readonly #leaveMemory: () => void;
  readonly #waiting: Handover[] = [];
  #writing: Promise<void> | null = null;
  #sealing: Promise<void> = Promise.resolve();
  #sealsWaiting = 0;
  /** Archives that this writer has sealed, or another process has taken over. */
  #sealed = 0;
  readonly #sealWaiters = new Waiters();
  /** Whether the directory has ever taken a file. */
  #isProven = false;
  /** After `'writing'` failed, complete archives are still sealed; after `'sealing'` none are. */
  #failed: 'nothing' | 'writing' | 'sealing' = 'nothing';
  #closing: Promise<void> | undefined;

  constructor(options: SinkQueueOptions) {
    this.#options = options;
    const { maxUnsyncedBytes, slabs, unsynced } = options;
    this.#memory = unsynced ?? new UnsyncedMemory(maxUnsyncedBytes, (bytes) => slabs.keep(bytes));
    this.#leaveMemory = this.#memory.join(() => this.#syncAll());
  }

  /** Whether bytes that are given to `write` have to wait. */
  get isBusy(): boolean {
    return this.#mustWait || this.hasWaiting;
  }

  /** Whether bytes wait to be written. */
  get hasWaiting(): boolean {
    return this.#waiting.length > 0;
  }

  /** How many bytes wait to be written. */
  get waitingBytes(): number {
    return this.#waiting.reduce((sum, { bytes }) => sum + bytes.length, 0);
  }

  /**
   * Writes bytes of an archive after those that wait. The first bytes of an archive create its
   * file.
   */
  write(handover: Handover): void {
    this.#waiting.push(handover);
    this.#next();
  }

  /**
   * Syncs the first `records` records of the draft soon, or, if they are not written yet, after
   * that.
   */
  syncSoon(draft: ArchiveDraft, records: number): void {
    draft.recordsToSync = records;
    this.#live.get(draft)?.sync.want(records);
  }

  /**
   * Settles when the writer's first `archives` archives are sealed or taken over, or when the queue
   * is closed and seals no more.
   */
  async sealed(archives: number): Promise<void> {
    while (this.#sealed < archives && this.#closing === undefined) await this.#sealWaiters.next();
  }

  /**
   * Settles when all bytes so far are on disk, and complete archives are sealed, or that has
   * failed.
   */
  async idle(): Promise<void> {
    // The end of a write may begin the next one, which may complete an archive.
    let sealing: Promise<void>;
    do {
      sealing = this.#sealing;
      await sealing;
      while (this.#writing !== null) await this.#writing;
    } while (sealing !== this.#sealing);
  }

  /** Closes the files that are open: archives that could not be sealed stay as they are. */
  async close(): Promise<void> {
    this.#closing ??= this.#abandonAll();
    this.#leaveMemory();
    this.#sealWaiters.end();
    await this.#closing;
  }

  get #mustWait(): boolean {
    return (
      this.#failed !== 'nothing' ||
      this.#writing !== null ||
      this.#sealsWaiting >= MAX_SEALS_WAITING
    );
  }

  #next(): void {
    if (this.#mustWait) return;
    const handover = this.#waiting.shift();
    if (handover === undefined) return;
    this.#writing = this.#writeOut(handover).catch((error) => this.#fail('writing', error));
    void this.#writing.then(() => {
      this.#writing = null;
      this.#progress();
    });
  }

  #progress(): void {
    this.#next();
    this.#options.onProgress();
  }

  async #writeOut({ draft, bytes, completed, records, end }: Handover): Promise<void> {
    const { progress } = draft;
    const { archive, sync } = this.#live.get(draft) ?? (await this.#create(draft));
    await this.#makeRoom();
    await completed;
    await archive.append(bytes, records);
    progress.archive = archive.file.name;
    progress.reach('written', records);
    sync.wrote(records);
    if (this.#memory.isHalfFull) this.#memory.syncAll();
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
      onFailure: (error) => this.#fail('writing', error),
    });
    sync.want(draft.recordsToSync);
    const live = { archive, sync };
    this.#live.set(draft, live);
    const { ordinal, openedAt } = draft;
    const { name, openPath: path } = archive.file;
    listener.onOpened({ path, name, ordinal, writer, openedAt });
    return live;
  }

  async #createFile(draft: ArchiveDraft): Promise<ArchiveSink> {
    const { directory, listener, syncMode } = this.#options;
    const keepsUnsynced = syncMode !== 'no';
    const onLost = (lost: LostRecords) => listener.onLost(lost);
    const options = { ...this.#options, keepsUnsynced, memory: this.#memory, onLost };
    const asFatal = (error: unknown) => asDirectoryError(directory, error);
    try {
      // A directory that never took a file is a wrong option; one that did may come back.
      const asFailure = this.#isProven ? (error: unknown) => error : asFatal;
      const archive = await ArchiveSink.create(draft, options, asFailure);
      this.#isProven = true;
      return archive;
    } catch (error) {
      throw asFatal(error);
    }
  }

  /** Waits for a sync while too many bytes are not synced. */
  async #makeRoom(): Promise<void> {
    while (this.#memory.isFull && this.#failed === 'nothing') {
      this.#memory.syncAll();
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
      .catch((error) => this.#fail('sealing', error))
      .then(() => {
        this.#sealsWaiting--;
        this.#progress();
      });
  }

  async #seal(draft: ArchiveDraft, end: ArchiveEnd): Promise<void> {
    const live = this.#live.get(draft);
    // Archives are sealed in order: after one that failed the others stay open.
    if (live === undefined || this.#failed === 'sealing') return;
    const { figures, listener, sealer } = this.#options;
    const { archive, sync } = live;
    const { progress, records } = draft;
    const begunMs = monotonicMs();
    await sync.stop();
    const onSynced = () => progress.reach('synced', records);
    const sealed = await sealer.seal(draft, archive, end, onSynced);
    this.#live.delete(draft);
    this.#sealed++;
    this.#sealWaiters.wakeAll();
    if (sealed === null) {
      listener.onTakenOver(draft);
      return;
    }
    figures.didSeal(sealed, monotonicMs() - begunMs);
    progress.archive = sealed.name;
    progress.reach('sealed', records);
    listener.onSealed(sealed, draft);
  }

  async #abandonAll(): Promise<void> {
    // Closes every file, even if closing one of them fails.
    const results = await Promise.allSettled(
      [...this.#live.values()].map(async ({ archive, sync }) => {
        await sync.stop();
        await archive.abandon();
      }),
    );
    const failed = results.find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  #fail(what: 'writing' | 'sealing', error: unknown): void {
    const isFirst = this.#failed === 'nothing';
    if (this.#failed !== 'sealing') this.#failed = what;
    if (!isFirst) return;
    this.#memory.wake();
    this.#options.listener.onFailure(error);
  }
}
