import type { FileLayer } from '../../files/file-layer.js';
import type { ManifestObject } from '../../format/manifest.js';
import type { Clock, Timer } from '../../streams/clock.js';
import type { ShippedArchive } from '../../writing/handlers/archive-shipper.js';
import type { ManifestChain, WrittenManifest } from './manifest-chain.js';
import type { ManifestSettings } from './manifest-options.js';
import { PendingObjects } from './pending-objects.js';

export interface ManifestWriterOptions extends ManifestSettings {
  readonly chain: Pick<ManifestChain, 'write' | 'listedIn'>;
  readonly files: FileLayer;
  readonly clock: Clock;
  readonly pathOf: (folder: string) => string;
  /** How many records were taken so far. */
  readonly records: () => number;
  /** The latest time of these, in µs since the epoch. */
  readonly latestMicros: () => number;
  /** Whether a partition has a writer, or archives that are not in the store yet. */
  readonly isBusy: (folder: string) => boolean;
  /** A partition that is over has a writer: its archive should be sealed. */
  readonly onOver: (folder: string) => void;
  readonly onWritten: (manifest: WrittenManifest) => void;
  readonly onFailed: (folder: string, error: unknown) => void;
}

/** How often to look for partitions that are over. */
const LOOK_MS = 10_000;

/**
 * Lists the objects of each partition in manifests: when the partition is over, those that it has then,
 * and later those that come late.
 */
export class ManifestWriter {
  readonly #options: ManifestWriterOptions;
  readonly #pending = new Map<string, PendingObjects>();
  readonly #loading = new Map<string, Promise<PendingObjects>>();
  #timer: Timer | undefined;
  #writing: Promise<void> | undefined;
  #records = 0;
  /** When the last record was seen, in ms since the epoch. */
  #activeAt: number;
  #isStopped = false;

  constructor(options: ManifestWriterOptions) {
    this.#options = options;
    this.#activeAt = options.clock.now();
  }

  /** Looks for partitions that are over, from time to time. */
  start(): void {
    this.#arm();
  }

  /**
   * The store has confirmed an object. Settles when this survives a crash: only then may the local
   * file go.
   *
   * @param sha256 that of the object as it is stored
   * @param endMicros when the partition ends
   */
  async confirmed(
    folder: string,
    { firstTime, key, lastTime, records, storedBytes }: ShippedArchive,
    sha256: string,
    endMicros: number,
  ): Promise<void> {
    const object: ManifestObject = {
      name: key.slice(folder.length + 1),
      bytes: storedBytes,
      records,
      firstTime: firstTime?.toISOString() ?? null,
      lastTime: lastTime?.toISOString() ?? null,
      sha256,
    };
    await (await this.#open(folder)).add(object, endMicros);
  }

  /** Takes over what an earlier process has left in a folder. */
  async load(folder: string): Promise<void> {
    const pending = await this.#open(folder);
    if (pending.objects.length === 0) this.#forget(folder);
  }

  /** Whether objects of a partition wait for a manifest: its folder must stay. */
  has(folder: string): boolean {
    return this.#pending.has(folder);
  }

  /** Writes the manifests that are due, as far as the store takes them. */
  async write(): Promise<void> {
    this.#writing ??= this.#writeDue().finally(() => {
      this.#writing = undefined;
    });
    await this.#writing;
  }

  /** Writes the manifests that are due when all archives are in the store. */
  async finish(): Promise<void> {
    await this.write();
    // The one under way may have begun before the last archive.
    await this.write();
  }

  /** Writes no more. Settles when the manifest under way is written, or has failed. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#timer?.cancel();
    await this.#writing;
  }

  async #open(folder: string): Promise<PendingObjects> {
    const known = this.#pending.get(folder) ?? this.#loading.get(folder);
    if (known !== undefined) return await known;
    const loading = this.#load(folder);
    this.#loading.set(folder, loading);
    return await loading.finally(() => this.#loading.delete(folder));
  }

  async #load(folder: string): Promise<PendingObjects> {
    const { files, name, pathOf } = this.#options;
    const pending = new PendingObjects(pathOf(folder), name, files);
    await pending.load();
    this.#pending.set(folder, pending);
    return pending;
  }

  #forget(folder: string): void {
    if (this.#pending.get(folder)?.objects.length === 0) this.#pending.delete(folder);
  }

  #arm(): void {
    this.#timer = this.#options.clock.setTimer(() => {
      void this.write().then(() => {
        if (!this.#isStopped) this.#arm();
      });
    }, LOOK_MS);
  }

  async #writeDue(): Promise<void> {
    const { isBusy, onFailed, onOver } = this.#options;
    const inOrder = [...this.#pending].sort(([, a], [, b]) => a.endMicros - b.endMicros);
    for (const [folder, pending] of inOrder) {
      if (this.#isStopped) return;
      if (pending.objects.length === 0 || !this.#isOver(pending.endMicros)) continue;
      if (isBusy(folder)) {
        onOver(folder);
        continue;
      }
      try {
        await this.#writeOne(folder, pending);
      } catch (error) {
        if (!this.#isStopped) onFailed(folder, error);
        return;
      }
    }
  }

  async #writeOne(folder: string, pending: PendingObjects): Promise<void> {
    const { chain, onWritten } = this.#options;
    if (pending.isFromBefore) {
      // A crash may have come after the manifest and before its objects were removed here.
      const listed = await chain.listedIn(folder);
      await pending.remove(pending.objects.filter(({ name }) => listed.has(name)));
      pending.isFromBefore = false;
    }
    const { objects } = pending;
    const written = objects.length > 0 ? await chain.write(folder, objects) : undefined;
    await pending.remove(objects);
    this.#forget(folder);
    if (written !== undefined) onWritten(written);
  }

  #isOver(endMicros: number): boolean {
    const { allowedLatenessMs, clock, latestMicros, records } = this.#options;
    const [now, taken] = [clock.now(), records()];
    if (taken !== this.#records) [this.#records, this.#activeAt] = [taken, now];
    const dueMicros = endMicros + 1000 * allowedLatenessMs;
    if (latestMicros() >= dueMicros) return true;
    // No record would ever say that it is over.
    return now - this.#activeAt >= allowedLatenessMs && 1000 * now >= dueMicros;
  }
}
