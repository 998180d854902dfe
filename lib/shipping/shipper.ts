import { ArchiveError } from '../errors/archive-error.js';
import { asError } from '../errors/as-error.js';
import { DamageError } from '../errors/damage-error.js';
import type { FileLayer } from '../files/file-layer.js';
import { findFile } from '../files/find-file.js';
import { monotonicMs } from '../format/timers.js';
import type { SeriesPattern } from '../series/listing/series-patterns.js';
import type { FoundArchive } from '../series/opening/found-archive.js';
import type { Store } from '../stores/contract/store.js';
import type { Clock, Timer } from '../streams/clock.js';
import { publish, type ShipDiagnostics } from '../streams/diagnostics.js';
import { createSharedController } from '../streams/shared-controller.js';
import { untilAborted } from '../streams/until-aborted.js';
import type { ArchiveFailure } from '../writing/handlers/archive-failure.js';
import type {
  ArchiveShipper,
  ShippableArchive,
  ShippedArchive,
  ShippingListener,
  ShippingState,
} from '../writing/handlers/archive-shipper.js';
import { sweepJournals } from './journal/sweep-journals.js';
import { KeptArchives } from './kept-archives.js';
import { type LeftArchive, listLeftArchives } from './left-archives.js';
import { OrphanUploads } from './orphan-uploads.js';
import type { ShipSettings } from './ship-options.js';
import { ShipQueue, type WaitingShipment } from './ship-queue.js';
import { Shipment, type ShipmentContext } from './shipment.js';
import { shippedPatterns } from './shipped-patterns.js';
import { ShippingLeases } from './shipping-leases.js';
import { SpoolLimit } from './spool-limit.js';
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

/** One turn of a shipment, which is counted when it ends. */
interface ShipAttempt {
  end(
    outcome: ShipDiagnostics['outcome'],
    more: Pick<ShipDiagnostics, 'key' | 'storedBytes' | 'error'>,
  ): void;
}

/** How long what was aborted may take to end once the caller's time is over. */
const OVERDUE_MS = 500;

/**
 * Ships archives, the oldest first: compresses each straight into the store, has the store confirm
 * it, and settles the local file. Retries without limit, and reports each failure.
 */
export class Shipper implements ArchiveShipper {
  readonly patterns: readonly SeriesPattern[];
  readonly #options: ShipperOptions;
  readonly #context: ShipmentContext;
  readonly #stopping = createSharedController();
  readonly #leases: ShippingLeases;
  readonly #queue: ShipQueue;
  readonly #limit: SpoolLimit;
  readonly #orphans: OrphanUploads;
  readonly #kept: KeptArchives;
  readonly #evidence = { 'part-digests': 0, checksum: 0, etag: 0, 'read-back': 0 };
  readonly #uploads = { succeeded: 0, failed: 0, aborted: 0 };
  #listener: ShippingListener | undefined;
  #sweeping: Promise<void> = Promise.resolve();
  #shipped = 0;
  #storedBytes = 0;
  #retries = 0;

  constructor(options: ShipperOptions) {
    const { areNamesOwn, clock, concurrency, files, key, localFile, pattern, store } = options;
    const { signal } = this.#stopping;
    this.#options = options;
    this.patterns = options.isInPlace ? [] : shippedPatterns(options);
    this.#context = {
      store,
      files,
      localFile,
      keys: key,
      compression: options.compression,
      arePlainKeysOwn: areNamesOwn || key.isDistinct,
      signal,
      onToleratedFailure: (archive, operation, error) =>
        this.#reportFailure(archive, operation, error),
    };
    this.#leases = new ShippingLeases(files);
    this.#queue = new ShipQueue({ concurrency, clock, ship: (waiting) => this.#ship(waiting) });
    this.#limit = new SpoolLimit(this.#queue, {
      maxBytes: options.maxSpoolBytes,
      whenFull: options.whenFull,
      files,
      onDropped: (archive) => this.#listener?.onDropped(archive),
      onFailed: (archive, error) => this.#reportFailure(archive, 'drop', error),
    });
    this.#kept = new KeptArchives({
      clock,
      signal,
      onMissing: (shipment) => this.#queue.add(shipment),
      onFailed: ({ archive }, error) => this.#reportFailure(archive, 'ship', error),
    });
    this.#orphans = new OrphanUploads({
      store,
      prefix: key.prefix,
      pattern: key.patternOf(pattern),
      afterMs: options.abortOrphansAfterMs,
      clock,
      signal,
      onFailed: (target, error) =>
        this.#reportFailure({ path: target, name: target }, 'abort-upload', error),
    });
  }

  async start(listener: ShippingListener): Promise<void> {
    const { directory, files, localFile, pattern, writesLines } = this.#options;
    this.#listener = listener;
    const left: Shipment[] = [];
    const kept: Shipment[] = [];
    for (const archive of await listLeftArchives(directory, pattern, files)) {
      const found = { ...archive, acceptsAnyText: writesLines };
      const shipment = Shipment.ofLeft(found, this.#context);
      const isKept = localFile === 'keep' && (await shipment.claimsKept());
      (isKept ? kept : left).push(shipment);
    }
    // The writer has ended meanwhile, and did not wait for the list.
    if (this.#stopping.signal.aborted) return;
    // Queue only a complete list: after a failed read the writer calls this again, and an archive
    // would be queued twice.
    for (const shipment of left) this.#queue.add(shipment);
    this.#kept.check(kept);
    this.#sweeping = this.#sweep();
    this.#orphans.start();
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
    this.#queue.add(Shipment.ofSealed(archive, this.#context));
  }

  adopt(archive: LeftArchive): void {
    // A recovery has just sealed it: it is an archive of the series.
    this.#queue.add(Shipment.ofLeft({ ...archive, acceptsAnyText: true }, this.#context));
  }

  room(openBytes: number): Promise<void> | null {
    return this.#limit.room(openBytes);
  }

  checkRoom(openBytes: number): void {
    this.#limit.check(openBytes);
  }

  async drain(signal: AbortSignal): Promise<ShippingState> {
    const isOver = () =>
      this.#queue.entries.every(({ isStuck, state }) => isStuck && state === 'paused');
    await untilAborted(this.#kept.idle(), signal);
    const notify = () => this.#queue.notify();
    signal.addEventListener('abort', notify);
    while (!signal.aborted && !isOver()) await this.#queue.changed();
    signal.removeEventListener('abort', notify);
    return this.state();
  }

  state(): ShippingState {
    const { entries } = this.#queue;
    const failed = entries.find(({ failures }) => failures > 0);
    return {
      shipped: this.#shipped,
      left: entries.map(({ shipment }) => shipment.archive.path),
      ...(failed !== undefined && { error: asError(failed.error) }),
      evidence: { ...this.#evidence },
      dropped: this.#limit.dropped,
      leftBytes: this.#queue.bytes,
      oldestLeftMs: this.#queue.oldestMs,
      storedBytes: this.#storedBytes,
      uploads: { ...this.#uploads },
      retries: this.#retries,
    };
  }

  async stop(overdue: AbortSignal): Promise<void> {
    this.#stopping.abort();
    const work = Promise.all([
      this.#queue.stop(),
      this.#limit.idle(),
      this.#sweeping,
      this.#kept.idle(),
      this.#orphans.stop(),
    ]);
    await this.#within(work, overdue);
    const { ownsStore, store } = this.#options;
    if (!ownsStore) return;
    // Ends the requests that are still under way, if any.
    await this.#within(store.close(), overdue);
    await this.#within(work, overdue);
  }

  /** Waits for work until a moment after `overdue`: a store may never answer. */
  async #within(work: Promise<unknown>, overdue: AbortSignal): Promise<void> {
    const late = new AbortController();
    let timer: Timer | undefined;
    const arm = () => {
      timer = this.#options.clock.setTimer(() => late.abort(), OVERDUE_MS);
      timer.ref();
    };
    if (overdue.aborted) arm();
    else overdue.addEventListener('abort', arm);
    try {
      await untilAborted(work, late.signal);
    } finally {
      overdue.removeEventListener('abort', arm);
      timer?.cancel();
    }
  }

  async #ship(waiting: WaitingShipment): Promise<void> {
    const { shipment } = waiting;
    const lease = await this.#leases.take(shipment.archive.path);
    if (lease === null) {
      this.#queue.yield(waiting);
      return;
    }
    const attempt = this.#beginAttempt(waiting);
    let shipped: ShippedArchive;
    try {
      shipped = await shipment.advance().finally(() => lease.release());
    } catch (error) {
      await this.#fail(waiting, error, attempt);
      return;
    }
    this.#queue.remove(waiting);
    const { evidence, key, storedBytes } = shipped;
    attempt.end('succeeded', { key, storedBytes });
    this.#shipped++;
    this.#storedBytes += storedBytes;
    this.#evidence[evidence]++;
    this.#listener?.onShipped(shipped);
  }

  #beginAttempt({ error, failures, shipment }: WaitingShipment): ShipAttempt {
    const { bytes, name, path } = shipment.archive;
    const attempt = failures + 1;
    if (failures > 0) {
      this.#retries++;
      publish('retry', () => ({ operation: 'ship', archive: name, attempt, error }));
    }
    const begunMs = monotonicMs();
    return {
      end: (outcome, more) => {
        this.#uploads[outcome]++;
        const store = this.#options.store.name;
        const facts = { path, name, bytes, store, outcome, attempt };
        publish('ship', () => ({ ...facts, durationMs: monotonicMs() - begunMs, ...more }));
      },
    };
  }

  async #fail(waiting: WaitingShipment, error: unknown, attempt: ShipAttempt): Promise<void> {
    const { shipment } = waiting;
    const { archive } = shipment;
    const isMissing = await this.#isMissing(archive.path);
    attempt.end(this.#queue.isStopped ? 'aborted' : 'failed', { error });
    if (this.#queue.isStopped) return;
    if (shipment.isAdopted && error instanceof DamageError) {
      // The file has a name of the series but is not an archive: leave it to its owner.
      this.#queue.remove(waiting);
      this.#reportFailure(archive, 'ship', error);
    } else if (isMissing) {
      await this.#giveUp(waiting, error);
    } else {
      this.#queue.fail(waiting, error);
      this.#reportFailure(archive, 'ship', error);
    }
  }

  /** False if the file system cannot say: giving up could lose the archive. */
  async #isMissing(path: string): Promise<boolean> {
    return (await findFile(path, this.#options.files).catch(() => undefined)) === null;
  }

  /**
   * Drops a shipment whose file is gone. Another writer of the directory may have shipped and
   * settled the archive just now, so the first time it gets one more turn, which asks the store.
   */
  async #giveUp(waiting: WaitingShipment, cause: unknown): Promise<void> {
    const { shipment } = waiting;
    const { archive, isAdopted, sha256 } = shipment;
    if (!waiting.isGone && sha256 !== undefined) {
      waiting.isGone = true;
      return;
    }
    await shipment.forget();
    this.#queue.remove(waiting);
    if (isAdopted) return;
    const message = `cannot ship ${archive.path}: its file was removed`;
    const error = new ArchiveError('ERR_ARCHIVE_GONE', message, { cause });
    this.#reportFailure(archive, 'ship', error);
  }

  async #sweep(): Promise<void> {
    const { directory, files, pattern, store } = this.#options;
    try {
      await sweepJournals(directory, pattern, files, async (upload, archive) => {
        // A journal could name an upload of another archive.
        const isOwn = this.#context.keys.roleOf(upload.key, archive) !== null;
        if (upload.store !== store.name || !isOwn) return true;
        return this.#orphans.abort(upload, this.#context.arePlainKeysOwn);
      });
    } catch (error) {
      this.#reportFailure({ path: directory, name: directory }, 'journal', error);
    }
  }

  #reportFailure(archive: ArchiveFailure['archive'], operation: string, error: unknown): void {
    this.#listener?.onFailed({ archive, operation, error });
  }
}
