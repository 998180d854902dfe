import type { FileLayer } from '../files/file-layer.js';
import type { SeriesPattern } from '../series/listing/series-patterns.js';
import type { FoundArchive } from '../series/opening/found-archive.js';
import type { Store } from '../stores/contract/store.js';
import type { Clock } from '../streams/clock.js';
import type { ArchiveFailure } from '../writing/handlers/archive-failure.js';
import {
  type ArchiveShipper,
  NOTHING_SHIPPED,
  type ShippableArchive,
  type ShippingListener,
  type ShippingState,
} from '../writing/handlers/archive-shipper.js';
import { sweepJournals } from './journal/sweep-journals.js';
import { type LeftArchive, listLeftArchives } from './left-archives.js';
import type { ShipSettings } from './ship-options.js';
import { Shipment, type ShipmentContext } from './shipment.js';
import { shippedPatterns } from './shipped-patterns.js';
import { ShippingLine } from './shipping-line.js';
import {
  findStoredArchiveOf,
  listStoredArchivesOf,
  type StoredWriterOptions,
} from './stored-writer.js';

export interface ShipperOptions extends ShipSettings {
  readonly store: Store;
  /** Whether to close the store when the shipper stops. */
  readonly ownsStore: boolean;
  /** Whether the store is the directory, under names that the writer's own pattern matches. */
  readonly isInPlace: boolean;
  /** The directory that the writer fills. */
  readonly directory: string;
  /** The glob of the archives' names. */
  readonly pattern: string;
  /** Whether no two writers, on any host, give the same name to two archives. */
  readonly areNamesOwn: boolean;
  /** Whether the name of each archive holds its writer's id. */
  readonly doNamesHoldWriter: boolean;
  /** Whether the series is JSON lines, whose payloads may be text that is not JSON. */
  readonly writesLines: boolean;
  readonly files: FileLayer;
  readonly clock: Clock;
}

/** A line that other writers use, too. It outlives this shipper. */
export interface SharedLine {
  readonly line: ShippingLine;
  /** Receives the outcome of each shipment, instead of the writer. */
  readonly listener: ShippingListener;
  /** As `ShipmentContext.onConfirmed`. */
  readonly onConfirmed?: ShipmentContext['onConfirmed'];
  /** Whether archives that an earlier writer left in the directory may not be in the queue yet. */
  readonly takesLeft: boolean;
}

/**
 * Ships archives, the oldest first: compresses each straight into the store, has the store confirm
 * it, and settles the local file. Retries without limit, and reports each failure.
 */
export class Shipper implements ArchiveShipper {
  readonly patterns: readonly SeriesPattern[];
  readonly #options: ShipperOptions;
  readonly #context: ShipmentContext;
  readonly #shared: SharedLine | undefined;
  readonly #line: ShippingLine;
  #listener: ShippingListener | undefined;
  #sweeping: Promise<void> = Promise.resolve();

  /** @param shared the line of several writers. @default a line of its own */
  constructor(options: ShipperOptions, shared?: SharedLine) {
    const { areNamesOwn, files, key, localFile, store } = options;
    this.#options = options;
    this.patterns = options.isInPlace ? [] : shippedPatterns(options);
    this.#shared = shared;
    this.#listener = shared?.listener;
    const listener: ShippingListener = {
      onShipped: (archive) => this.#listener?.onShipped(archive),
      onDropped: (archive) => this.#listener?.onDropped(archive),
      onFailed: (failure) => this.#listener?.onFailed(failure),
    };
    this.#line =
      shared?.line ??
      new ShippingLine({
        ...options,
        prefix: key.prefix,
        keyPattern: key.patternOf(options.pattern),
        onFailed: listener.onFailed,
      });
    this.#context = {
      store,
      files,
      localFile,
      keys: key,
      compression: options.compression,
      arePlainKeysOwn: areNamesOwn || key.isDistinct,
      signal: this.#line.signal,
      listener,
      onConfirmed: shared?.onConfirmed,
      onToleratedFailure: (archive, operation, error) =>
        this.#reportFailure(archive, operation, error),
    };
  }

  async start(listener: ShippingListener): Promise<void> {
    const { directory, files, localFile, pattern, writesLines } = this.#options;
    this.#listener ??= listener;
    if (this.#shared?.takesLeft === false) return;
    const left: Shipment[] = [];
    const kept: Shipment[] = [];
    for (const archive of await listLeftArchives(directory, pattern, files)) {
      if (this.#shared?.line.has(archive.path)) continue;
      const found = { ...archive, acceptsAnyText: writesLines };
      const shipment = Shipment.ofLeft(found, this.#context);
      const isKept = localFile === 'keep' && (await shipment.claimsKept());
      (isKept ? kept : left).push(shipment);
    }
    // The writer has ended meanwhile, and did not wait for the list.
    if (this.#line.signal.aborted) return;
    // Queue only a complete list: after a failed read the writer calls this again, and an archive
    // would be queued twice.
    for (const shipment of left) this.#line.add(shipment);
    this.#line.check(kept);
    this.#sweeping = this.#sweep();
    if (this.#shared === undefined) this.#line.orphans.start();
  }

  async findArchiveOf(writer: string, signal: AbortSignal): Promise<string | undefined> {
    return await findStoredArchiveOf(writer, this.#storedOptions(signal));
  }

  async listArchivesOf(writer: string, signal: AbortSignal): Promise<readonly FoundArchive[]> {
    return await listStoredArchivesOf(writer, this.#storedOptions(signal));
  }

  #storedOptions(signal: AbortSignal): StoredWriterOptions {
    const { clock, doNamesHoldWriter, key, pattern, store } = this.#options;
    return { store, pattern: key.patternOf(pattern), doNamesHoldWriter, clock, signal };
  }

  add(archive: ShippableArchive): void {
    this.#line.queued(this, archive.bytes);
    this.#line.add(Shipment.ofSealed(archive, this.#context));
  }

  adopt(archive: LeftArchive): void {
    // A recovery has just sealed it: it is an archive of the series.
    this.#line.add(Shipment.ofLeft({ ...archive, acceptsAnyText: true }, this.#context));
  }

  /** Whether the store says now that it has an archive that was shipped and kept. */
  async isStored(archive: LeftArchive): Promise<boolean> {
    if (this.#line.has(archive.path)) return false;
    const shipment = Shipment.ofLeft(archive, this.#context);
    return (await shipment.claimsKept()) && (await shipment.isStored());
  }

  /** The file of an archive that was kept is deleted: removes its journal. */
  async forget(archive: LeftArchive): Promise<void> {
    await Shipment.ofLeft(archive, this.#context).forget();
  }

  room(openBytes: number): Promise<void> | null {
    return this.#line.room(this, openBytes);
  }

  checkRoom(openBytes: number): void {
    this.#line.checkRoom(this, openBytes);
  }

  /** A shared line is drained, and says what is left, when all of its writers have ended. */
  async drain(signal: AbortSignal): Promise<ShippingState> {
    return this.#shared === undefined ? await this.#line.drain(signal) : NOTHING_SHIPPED;
  }

  state(): ShippingState {
    return this.#shared === undefined ? this.#line.state() : NOTHING_SHIPPED;
  }

  async stop(overdue: AbortSignal): Promise<void> {
    this.#line.leave(this);
    if (this.#shared === undefined) await this.#line.stop(overdue, this.#sweeping);
    else await this.#sweeping;
  }

  async #sweep(): Promise<void> {
    const { directory, files, pattern, store } = this.#options;
    const { arePlainKeysOwn, keys } = this.#context;
    try {
      await sweepJournals(directory, pattern, files, async (upload, archive) => {
        // A journal could name an upload of another archive.
        const isOwn = keys.roleOf(upload.key, archive) !== null;
        if (upload.store !== store.name || !isOwn) return true;
        return this.#line.orphans.abort(upload, arePlainKeysOwn);
      });
    } catch (error) {
      this.#reportFailure({ path: directory, name: directory }, 'journal', error);
    }
  }

  #reportFailure(archive: ArchiveFailure['archive'], operation: string, error: unknown): void {
    this.#listener?.onFailed({ archive, operation, error });
  }
}
