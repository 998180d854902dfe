import { basename, join } from 'node:path';

import type { FileLayer } from '../../files/file-layer.js';
import { unlinkIfThere } from '../../files/unlink-if-there.js';
import { baseNameOf, mayBeTorn, OPEN_SUFFIX } from '../../series/names/archive-state.js';
import type { ArchiveTemplate } from '../../series/names/archive-template.js';
import { createGlobMatcher } from '../../series/names/glob-matcher.js';
import { temporaryBaseOf } from '../../series/names/temporary-path.js';
import type { Clock, Timer } from '../../streams/clock.js';
import { Waiters } from '../../streams/waiters.js';
import type { ArchiveFailure } from '../handlers/archive-failure.js';
import { type ArchiveLease, takeLease } from '../sink/archive-lease.js';
import {
  isLeaseAside,
  LEASE_CONFIRM_MS,
  LEASE_STALE_MS,
  type LeaseSighting,
  leasedName,
  looksStale,
  sightLease,
  takeOverLease,
} from './lease-takeover.js';
import type { RecoveredArchive } from './recover-archive.js';
import { recoverArchive } from './recover-archive.js';

export interface DirectoryRecoveryOptions {
  readonly directory: string;
  readonly template: ArchiveTemplate;
  readonly files: FileLayer;
  readonly clock: Clock;
  /** Ends the recovery that runs; what it has done so far remains for the next one. */
  readonly signal: AbortSignal;
  onRecovered(archive: RecoveredArchive): void;
  onFailed(failure: ArchiveFailure): void;
}

/** An archive whose lease exists. Its owner may live or not. */
interface Watch {
  readonly timer: Timer;
  /** Whether the owner seems to be dead; `idle` then waits for the recovery. */
  readonly looksStale: boolean;
}

/**
 * Recovers the archives that other writers of a series left open in its directory, one at a time.
 * Watches every lease that it finds: an owner that does not renew its lease is dead. Looks at the
 * archives of living writers again and again, until their owners seal them or die.
 */
export class DirectoryRecovery {
  readonly #options: DirectoryRecoveryOptions;
  readonly #watches = new Map<string, Watch>();
  #running: Promise<void> = Promise.resolve();
  readonly #idle = new Waiters();
  #isStopped = false;

  constructor(options: DirectoryRecoveryOptions) {
    this.#options = options;
  }

  /** Lists the open archives, and begins to recover those without a lease. */
  async start(): Promise<void> {
    for (const base of [...(await this.#listOrphans())].sort()) this.#run(base, null);
  }

  /**
   * Recovers an archive that no process writes any more. Settles when that is done, or has failed.
   *
   * @param base the archive's path without the suffix of its state
   */
  async recover(base: string): Promise<void> {
    this.#run(base, null);
    await this.#settled();
  }

  /** Settles when all archives are recovered whose owner seems to be dead. */
  async idle(): Promise<void> {
    await this.#settled();
    for (let awaited = this.#awaited; awaited.length > 0; awaited = this.#awaited) {
      for (const { timer } of awaited) timer.ref();
      await this.#idle.next();
      await this.#settled();
    }
  }

  /** Begins no further recovery. Settles when the current one is done. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    for (const { timer } of this.#watches.values()) timer.cancel();
    this.#watches.clear();
    this.#idle.wakeAll();
    await this.#settled();
  }

  /** Settles when no recovery is running or queued. */
  async #settled(): Promise<void> {
    let running: Promise<void>;
    do {
      running = this.#running;
      await running;
    } while (running !== this.#running);
  }

  get #awaited(): Watch[] {
    return [...this.#watches.values()].filter(({ looksStale }) => looksStale);
  }

  async #listOrphans(): Promise<Set<string>> {
    const { directory, files, template } = this.#options;
    const isMatch = createGlobMatcher(template.pattern);
    const bases = new Set<string>();
    for (const { name } of (await files.readdir(directory)).filter((entry) => entry.isFile())) {
      if (isLeaseAside(name)) await unlinkIfThere(files, join(directory, name));
      const base = orphanOf(name);
      if (base !== undefined && isMatch(base)) bases.add(join(directory, base));
    }
    return bases;
  }

  /** @param sighted the lease before it was watched for long enough; null if it was not watched */
  #run(base: string, sighted: LeaseSighting | null): void {
    this.#running = this.#running.then(async () => {
      this.#watches.delete(base);
      if (!this.#isStopped && !this.#options.signal.aborted) await this.#tryRecover(base, sighted);
      this.#idle.wakeAll();
    });
  }

  async #tryRecover(base: string, sighted: LeaseSighting | null): Promise<void> {
    const { files, onFailed, onRecovered, signal, template } = this.#options;
    const path = base + OPEN_SUFFIX;
    try {
      const lease = await this.#takeLease(path, sighted);
      if (lease === null) {
        await this.#watch(base, sighted);
        return;
      }
      try {
        // Twice: beside the open file there may be a stale one from an interrupted attempt.
        for (let i = 0; i < 2; i++) {
          const recovered = await recoverArchive(base, template, files, signal);
          if (recovered !== null) onRecovered(recovered);
        }
      } finally {
        await lease.release();
      }
    } catch (error) {
      // The archive stays as it is until the next writer starts.
      onFailed({ archive: { path, name: basename(base) }, operation: 'recover', error });
    }
  }

  async #takeLease(path: string, sighted: LeaseSighting | null): Promise<ArchiveLease | null> {
    const { files } = this.#options;
    const lease = await takeLease(path, files);
    if (lease !== null || sighted === null) return lease;
    return await takeOverLease(path, sighted, files);
  }

  /** @param before the lease when it was last looked at */
  async #watch(base: string, before: LeaseSighting | null): Promise<void> {
    const sighted = await sightLease(base + OPEN_SUFFIX, this.#options.files);
    if (this.#isStopped) return;
    if (sighted === null) {
      // The owner has released it just now.
      this.#run(base, null);
      return;
    }
    // An owner that has renewed its lease while we watched is alive, whatever the clocks say.
    const isStale = before === null && looksStale(sighted);
    const delayMs = isStale ? LEASE_CONFIRM_MS : LEASE_STALE_MS;
    const timer = this.#options.clock.setTimer(() => this.#run(base, sighted), delayMs);
    this.#watches.set(base, { timer, looksStale: isStale });
  }
}

/**
 * The archive that was left open, if a file of this name says that one was. A crash may have left
 * only its lease, or only an incomplete copy.
 */
export function orphanOf(name: string): string | undefined {
  const left = leasedName(name) ?? name;
  return mayBeTorn(left) ? baseNameOf(left) : temporaryBaseOf(left);
}
