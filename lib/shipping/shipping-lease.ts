import type { FileLayer } from '../files/file-layer.js';
import { systemCodeOf } from '../files/system-error.js';
import {
  LEASE_STALE_MS,
  type LeaseSighting,
  sightLease,
  takeOverLease,
  takeStaleLease,
} from '../writing/recovery/lease-takeover.js';
import type { ArchiveLease } from '../writing/sink/archive-lease.js';

/** A lease as it was when it was first seen so. */
interface Sighting extends LeaseSighting {
  /** By a clock that cannot be set. */
  readonly sinceMs: number;
}

/**
 * The rights to ship archives. Two writers of one directory would both send what they find there: that
 * does no harm, but is work for nothing, and each would take the other's upload for one that was cut off.
 * Where no lease can be had, as on a full disk, it is done without.
 */
export class ShippingLeases {
  readonly #files: FileLayer;
  readonly #sightings = new Map<string, Sighting>();

  constructor(files: FileLayer) {
    this.#files = files;
  }

  /**
   * @param path the sealed archive's; the lease is `NAME.lock`
   * @returns null where somebody alive ships it now: to be asked again later
   */
  async take(path: string): Promise<ArchiveLease | null> {
    try {
      const lease = (await takeStaleLease(path, this.#files)) ?? (await this.#takeWatched(path));
      if (lease !== null) this.#sightings.delete(path);
      return lease;
    } catch (error) {
      if (systemCodeOf(error) === undefined) throw error;
      return NO_LEASE;
    }
  }

  /** One whose time is yet to come, by a clock that jumped, is stale when it does not change. */
  async #takeWatched(path: string): Promise<ArchiveLease | null> {
    const sighted = await sightLease(path, this.#files);
    const before = this.#sightings.get(path);
    const nowMs = performance.now();
    if (sighted === null) return null;
    if (before?.ino !== sighted.ino || before.mtimeMs !== sighted.mtimeMs) {
      this.#sightings.set(path, { ...sighted, sinceMs: nowMs });
      return null;
    }
    return nowMs - before.sinceMs >= LEASE_STALE_MS
      ? await takeOverLease(path, sighted, this.#files)
      : null;
  }
}

const NO_LEASE: ArchiveLease = { release: async () => {} };
