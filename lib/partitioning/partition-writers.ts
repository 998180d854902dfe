import { basename, dirname, join, relative, resolve } from 'node:path';

import { hashObject } from '../shipping/read-back.js';
import { Retention } from '../shipping/retention.js';
import { Shipper, type ShipperOptions } from '../shipping/shipper.js';
import { ShippingLine } from '../shipping/shipping-line.js';
import { shipperOptions } from '../shipping/shipping-plan.js';
import type { ArchiveWriterEvents } from '../writing/archive-writer-events.js';
import type {
  ShippedArchive,
  ShippingListener,
  ShippingState,
} from '../writing/handlers/archive-shipper.js';
import { StoreReceipts } from '../writing/receipts/store-receipts.js';
import { RollingWriteStream } from '../writing/rolling-write-stream.js';
import { DiskRetry } from '../writing/sink/disk-retry.js';
import { createSharedMemory, type SharedMemory } from '../writing/sink/shared-memory.js';
import type { WriterStats } from '../writing/writer-stats.js';
import { ManifestChain } from './manifests/manifest-chain.js';
import { ManifestWriter } from './manifests/manifest-writer.js';
import { PartitionFolders } from './partition-folders.js';
import { addStats, NO_STATS, withShipping } from './partition-stats.js';
import type { PartitionedWriterEvents } from './partitioned-writer-events.js';
import type { PartitionedWriterSettings } from './partitioned-writer-options.js';

export interface PartitionWritersContext {
  readonly report: <Name extends keyof PartitionedWriterEvents>(
    name: Name,
    ...args: PartitionedWriterEvents[Name]
  ) => void;
  /** The spool is full: open archives must be sealed, so that they can be shipped. */
  readonly onFull: () => void;
  /** Whether a partition has a writer, or wants one. */
  readonly isInUse: (folder: string) => boolean;
  /** A partition is over: its writer must seal its archive. */
  readonly onOver: (folder: string) => void;
}

/**
 * The writer of a partition waits for its disk until the writer of all partitions ends. No timer of
 * Node can be longer, and a user's clock may use one.
 */
const NO_TIMEOUT_MS = 2 ** 31 - 1;

/** How many bytes may wait within the writer of one partition, at least. */
const LEAST_PENDING_BYTES = 256 * 2 ** 10;

/** The events that the writers of partitions report. Shipping is shared, and reports by itself. */
const EVENTS = ['open', 'sealed', 'recovered', 'failed', 'stalled', 'resumed', 'lost'] as const;

/** Makes the writers of partitions, which share memory, the way into the store, and receipts. */
export class PartitionWriters {
  readonly folders: PartitionFolders;
  readonly receipts = new StoreReceipts();
  /** The way into the store; undefined if archives stay where they are. */
  readonly line: ShippingLine | undefined;
  /** Deletes old archives; undefined if they stay. */
  readonly #retention: Retention | undefined;
  /** Lists what is in the store; undefined if no manifests are wanted. */
  readonly manifests: ManifestWriter | undefined;
  readonly #settings: PartitionedWriterSettings;
  readonly #context: PartitionWritersContext;
  readonly #retry: DiskRetry;
  readonly #shipperOptions: ShipperOptions | undefined;
  readonly #memory: SharedMemory;
  /** Counts of the writers that are closed. */
  #closed = NO_STATS;
  /** Archives that handlers were not done with when their writer closed. */
  #unfinished: readonly string[] = [];
  /** Folders that are being removed, as they are empty. */
  readonly #removing = new Map<string, Promise<void>>();

  constructor(settings: PartitionedWriterSettings, context: PartitionWritersContext) {
    const { maxOpen, partition, plan, rolling, writer } = settings;
    const { blockBytes } = writer.settings;
    this.#settings = settings;
    this.#context = context;
    this.folders = new PartitionFolders(partition, writer);
    this.#memory = createSharedMemory(maxOpen, {
      blockBytes,
      maxUnsyncedBytes: writer.maxUnsyncedBytes,
    });
    this.#retry = new DiskRetry(writer.clock, {
      onStalled: (stall) => context.report('stalled', { ...stall, partition: '' }),
      onResumed: (step) => context.report('resumed', { ...step, partition: '' }),
    });
    this.#retention = this.#createRetention();
    if (plan === undefined) return;
    this.#shipperOptions = shipperOptions(rolling, plan);
    const { key } = plan.settings;
    this.line = new ShippingLine({
      ...this.#shipperOptions,
      prefix: partition.prefix,
      keyPattern: `${partition.pattern}/${key.patternOf(writer.template.pattern)}`,
      onFailed: (failure) => context.report('failed', { ...failure, partition: '' }),
      onFull: context.onFull,
    });
    this.manifests = this.#createManifests(this.line);
  }

  /** @throws DirectoryError if there is no directory for the partitions */
  async start(): Promise<void> {
    await this.#retry.run(OPENING, () => this.folders.open());
    this.line?.orphans.start();
    this.manifests?.start();
    this.#retention?.start();
  }

  /**
   * Makes the writer of a folder, and the folder.
   *
   * @param claim lists what earlier writers left there
   */
  async open(folder: string, claim: () => Promise<void>): Promise<RollingWriteStream> {
    await this.#removing.get(folder);
    await this.#retry.run(OPENING, async () => {
      await this.folders.make(folder);
      await claim();
    });
    return this.#create(folder);
  }

  /** A writer is closed. */
  closed(folder: string, writer: RollingWriteStream): void {
    this.#closed = addStats(this.#closed, writer.stats());
    // It is closed already. Why it failed, if so, its event has reported.
    const result = writer.close();
    const keep = (left: readonly string[]) => {
      this.#unfinished = this.#unfinished.concat(left);
    };
    result.then(({ left }) => keep(left)).catch(() => undefined);
    this.removeIfEmpty(folder);
  }

  /** Paths of sealed archives that handlers were not done with in time. */
  get unfinished(): readonly string[] {
    return this.#unfinished;
  }

  /** Queues the sealed archives that earlier writers left in a folder. */
  async takeLeft(folder: string): Promise<void> {
    await this.#createShipper(folder, true)?.start(NO_LISTENER);
    await this.manifests?.load(folder);
  }

  /** Recovers what earlier writers left open in a folder, as far as they have ended. */
  async recover(folder: string, signal: AbortSignal): Promise<void> {
    const writer = this.#create(folder);
    const cut = () => writer.destroy();
    signal.addEventListener('abort', cut);
    try {
      await writer.close();
    } finally {
      signal.removeEventListener('abort', cut);
      this.#closed = addStats(this.#closed, writer.stats());
    }
  }

  failed(folder: string, operation: string, error: unknown): void {
    const path = this.folders.pathOf(folder);
    const archive = { path, name: basename(path) };
    this.#context.report('failed', { archive, operation, error, partition: folder });
  }

  /** Removes a folder whose archives are all in the store, unless it is in use. */
  removeIfEmpty(
    folder: string,
    why: 'all is shipped' | 'kept archives are gone' = 'all is shipped',
  ): void {
    const { plan } = this.#settings;
    const keeps = plan === undefined || plan.isInPlace || plan.settings.localFile === 'keep';
    const isInUse = this.#context.isInUse(folder) || this.manifests?.has(folder);
    if ((keeps && why === 'all is shipped') || isInUse || this.#removing.has(folder)) return;
    const removed = this.folders.removeEmpty(folder).then(() => {
      this.#removing.delete(folder);
    });
    this.#removing.set(folder, removed);
  }

  /** The state of shipping; undefined if archives stay where they are. */
  shippingState(): ShippingState | undefined {
    return this.line?.state();
  }

  /** @param writers those that are not closed */
  stats(writers: readonly RollingWriteStream[]): WriterStats {
    const all = writers.map((writer) => writer.stats()).reduce(addStats, this.#closed);
    const { retries, stall, stalls } = this.#retry;
    return {
      ...withShipping(all, this.line?.state()),
      retries: { disk: all.retries.disk + retries, store: this.line?.state().retries ?? 0 },
      stalls: all.stalls + stalls,
      stalled: all.stalled ?? stall,
    };
  }

  /** Ends all waiting for a disk. */
  giveUp(): void {
    this.#retry.giveUp();
  }

  /** Ends shipping. All writers must be closed. */
  async stop(overdue: AbortSignal, recovering: Promise<void>): Promise<void> {
    const others = Promise.all([recovering, this.manifests?.stop(), this.#retention?.stop()]);
    if (this.line === undefined) await others;
    else await this.line.stop(overdue, others);
    await Promise.all(this.#removing.values());
  }

  #create(folder: string): RollingWriteStream {
    const { maxOpen, rolling, writer } = this.#settings;
    const { signal: _, ...options } = rolling;
    const shipper = this.#createShipper(folder, false);
    const created = new RollingWriteStream(
      {
        ...options,
        directory: this.folders.pathOf(folder),
        files: this.folders.filesFor(folder),
        maxPendingBytes: Math.max(
          LEAST_PENDING_BYTES,
          Math.floor(writer.maxPendingBytes / maxOpen),
        ),
        endTimeout: NO_TIMEOUT_MS,
        ...(shipper !== undefined && { shipper }),
      },
      { memory: this.#memory, receipts: this.receipts },
    );
    for (const name of EVENTS) {
      created.on(name, (...args: ArchiveWriterEvents[typeof name]) => {
        this.#reportOf(folder, name, args[0]);
      });
    }
    created.on('invalid', (skipped) => this.#context.report('invalid', skipped));
    return created;
  }

  #reportOf(folder: string, name: (typeof EVENTS)[number], about: object): void {
    // Each event has the first argument of the event of the same name.
    const args = [{ ...about, partition: folder }];
    Reflect.apply(this.#context.report, undefined, [name, ...args]);
  }

  #createShipper(folder: string, takesLeft: boolean): Shipper | undefined {
    const { line } = this;
    if (line === undefined || this.#shipperOptions === undefined) return undefined;
    const { key, localFile } = this.#shipperOptions;
    return new Shipper(
      {
        ...this.#shipperOptions,
        directory: this.folders.pathOf(folder),
        key: key.inFolder(folder),
        localFile:
          typeof localFile === 'object' ? { moveTo: join(localFile.moveTo, folder) } : localFile,
      },
      {
        ...{ line, takesLeft, listener: this.#shippingListener(folder) },
        onConfirmed: this.manifests && ((archive) => this.#confirm(folder, archive)),
      },
    );
  }

  #createRetention(): Retention | undefined {
    const { plan, retain, writer } = this.#settings;
    if (retain === undefined) return undefined;
    const { clock, directory, files, template } = writer;
    const { folders } = this;
    const folderOf = (path: string) => relative(resolve(directory), resolve(path));
    return new Retention({
      ...{ ...retain, clock, files },
      async *directories() {
        for await (const folder of folders.find()) yield folders.pathOf(folder);
      },
      pattern: template.pattern,
      deletes: plan?.isInPlace ? 'compressed' : 'sealed',
      witnessOf: (path) =>
        plan?.isInPlace ? null : (this.#createShipper(folderOf(path), false) ?? null),
      onExpired: (archive, path) => {
        const partition = folderOf(path);
        this.#context.report('expired', { ...archive, partition });
        this.removeIfEmpty(partition, 'kept archives are gone');
      },
      onFailed: (archive, error) => {
        const failure = { archive, operation: 'retain', error };
        this.#context.report('failed', { ...failure, partition: folderOf(dirname(archive.path)) });
      },
    });
  }

  #createManifests(line: ShippingLine): ManifestWriter | undefined {
    const { manifests, partition, writer } = this.#settings;
    if (manifests === undefined) return undefined;
    const { clock, directory, files } = writer;
    const { signal, store } = line;
    const place = { store, prefix: partition.prefix, directory, files, signal };
    return new ManifestWriter({
      ...{ ...manifests, clock, files },
      chain: new ManifestChain({ ...manifests, ...place }),
      pathOf: (folder) => this.folders.pathOf(folder),
      records: () => partition.records,
      latestMicros: () => partition.latestMicros,
      isBusy: (folder) => this.#context.isInUse(folder) || line.hasIn(this.folders.pathOf(folder)),
      onOver: this.#context.onOver,
      onWritten: (manifest) => {
        this.#context.report('manifest', manifest);
        this.removeIfEmpty(manifest.partition);
      },
      onFailed: (folder, error) => this.failed(folder, 'manifest', error),
    });
  }

  /** The store has confirmed an archive. Its object may have been there before this process. */
  async #confirm(folder: string, archive: ShippedArchive): Promise<void> {
    const { line, manifests } = this;
    const { firstTime, key, openedAt, storedBytes, storedSha256 } = archive;
    if (line === undefined || manifests === undefined) return;
    const sha256 = storedSha256 ?? (await hashObject(key, storedBytes, line));
    // All records of a partition have times of one period, if they have times.
    const micros = 1000 * (firstTime?.getTime() ?? openedAt);
    const end = this.#settings.partition.endMicrosOf(micros) ?? micros;
    await manifests.confirmed(folder, archive, sha256, end);
  }

  #shippingListener(folder: string): ShippingListener {
    const { report } = this.#context;
    return {
      onShipped: (archive) => {
        this.receipts.shipped(archive);
        report('shipped', { ...archive, partition: folder });
        this.removeIfEmpty(folder);
      },
      onDropped: (archive) => {
        const why = 'its archive was dropped, to keep within maxSpoolBytes';
        if (archive.sha256 !== undefined) this.receipts.gone(archive.sha256, why);
        report('dropped', { ...archive, partition: folder });
      },
      onFailed: (failure) => report('failed', { ...failure, partition: folder }),
    };
  }
}

const OPENING = { operation: 'open', archive: undefined } as const;

const NO_LISTENER: ShippingListener = { onShipped() {}, onDropped() {}, onFailed() {} };
