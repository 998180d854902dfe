import type { FileLayer } from '../files/file-layer.js';
import { systemCodeOf } from '../files/system-error.js';
import { monotonicMs } from '../format/timers.js';
import {
  isSameSighting,
  LEASE_STALE_MS,
  type LeaseSighting,
  sightLease,
  takeOverLease,
  takeStaleLease,
} from '../writing/recovery/lease-takeover.js';
import type { ArchiveLease } from '../writing/sink/archive-lease.js';

/** A lease, and the time since which it has not changed. */
interface WatchedLease extends LeaseSighting {
  /** On the monotonic clock, which cannot be set. */
  readonly sinceMs: number;
}

/**
 * Leases of sealed archives: the right to ship one. Without a lease, two writers of one directory
 * would both send an archive, and each would abort the other's upload, taking it for abandoned. If a
 * lease cannot be created, as on a full disk, shipping goes ahead without it.
 */
export class ShippingLeases {
  readonly #files: FileLayer;
  readonly #watched = new Map<string, WatchedLease>();

  constructor(files: FileLayer) {
    this.#files = files;
  }

  /**
   * @param path the path of the sealed archive; its lease is the file `NAME.lock`
   * @returns null if a living process seems to be shipping the archive; ask again later
   */
  async take(path: string): Promise<ArchiveLease | null> {
    try {
      const lease = (await takeStaleLease(path, this.#files)) ?? (await this.#takeWatched(path));
      if (lease !== null) this.#watched.delete(path);
      return lease;
    } catch (error) {
      if (systemCodeOf(error) === undefined) throw error;
      return NO_LEASE;
    }
  }

  /** Takes over a lease that looks fresh only because a clock jumped. */
  async #takeWatched(path: string): Promise<ArchiveLease | null> {
    const sighted = await sightLease(path, this.#files);
    if (sighted === null) return null;
    const watched = this.#watched.get(path);
    const nowMs = monotonicMs();
    if (watched === undefined || !isSameSighting(watched, sighted)) {
      this.#watched.set(path, { ...sighted, sinceMs: nowMs });
      return null;
    }
    return nowMs - watched.sinceMs >= LEASE_STALE_MS
      ? await takeOverLease(path, sighted, this.#files)
      : null;
  }
}

const NO_LEASE: ArchiveLease = { isOwn: async () => true, release: async () => {} };
