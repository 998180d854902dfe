import { join } from 'node:path';

import picomatch from 'picomatch';

import type { FileLayer } from '../storage/file-layer.js';
import type { Clock, Timer } from '../streams/clock.js';
import { LEASE_STALE_MS, leasedName, sweepLease, takeLease } from './archive-lease.js';
import type { ArchiveFailure } from './archive-shipper.js';
import { baseNameOf, mayBeTorn, OPEN_SUFFIX } from './archive-state.js';
import type { ArchiveTemplate } from './archive-template.js';
import { type RecoveredArchive, recoverArchive } from './recover-archive.js';

export interface RecoveryOptions {
  readonly directory: string;
  readonly template: ArchiveTemplate;
  readonly files: FileLayer;
  readonly clock: Clock;
  onRecovered(archive: RecoveredArchive): void;
  onFailed(failure: ArchiveFailure): void;
}

/**
 * Recovers what other writers of a series left open in its directory, one archive at a time. Those whose
 * owner may still live are looked at again when their leases could have run out, until each is sealed by its
 * owner, or recovered.
 */
export class Recovery {
  readonly #options: RecoveryOptions;
  #running: Promise<void> = Promise.resolve();
  #timer: Timer | undefined;
  #isStopped = false;

  constructor(options: RecoveryOptions) {
    this.#options = options;
  }

  /** Looks for archives that were left open, and recovers those without an owner. */
  async start(): Promise<void> {
    const bases = await this.#listOrphans();
    this.#running = this.#recoverAll(bases);
  }

  /** Settles when no archive is being recovered. */
  async idle(): Promise<void> {
    await this.#running;
  }

  /** No other archive is begun. Settles when the one under way is done. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#timer?.cancel();
    await this.#running;
  }

  async #listOrphans(): Promise<Set<string>> {
    const { directory, files, template } = this.#options;
    const isMatch = picomatch(template.pattern, { nonegate: true });
    const bases = new Set<string>();
    for (const entry of await files.readdir(directory)) {
      if (entry.isDirectory() && (await sweepLease(join(directory, entry.name)))) continue;
      // Also where there is but a lease: a crash may have left it alone.
      const file = entry.isFile() ? entry.name : null;
      const name = entry.isDirectory() ? leasedName(entry.name) : file;
      if (name === null || !mayBeTorn(name)) continue;
      const base = baseNameOf(name);
      if (isMatch(base)) bases.add(join(directory, base));
    }
    return bases;
  }

  async #recoverAll(bases: ReadonlySet<string>): Promise<void> {
    const owned = new Set<string>();
    for (const base of [...bases].sort()) {
      if (this.#isStopped) return;
      if (!(await this.#tryRecover(base))) owned.add(base);
    }
    if (owned.size === 0 || this.#isStopped) return;
    this.#timer = this.#options.clock.setTimer(() => {
      this.#running = this.#recoverAll(owned);
    }, LEASE_STALE_MS);
  }

  /** Whether nothing is left to be done, or can be. */
  async #tryRecover(base: string): Promise<boolean> {
    const { files, onFailed, onRecovered, template } = this.#options;
    const path = base + OPEN_SUFFIX;
    try {
      const lease = await takeLease(path);
      if (lease === null) return false;
      try {
        // Twice: an earlier attempt may have left one beside that which is open.
        for (let i = 0; i < 2; i++) {
          const recovered = await recoverArchive(base, template, files);
          if (recovered !== null) onRecovered(recovered);
        }
      } finally {
        await lease.release();
      }
    } catch (error) {
      // It stays as it is, for the next start.
      onFailed({ archive: { path, name: base }, operation: 'recover', error });
    }
    return true;
  }
}
