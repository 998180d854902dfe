import { randomBytes } from 'node:crypto';
import { mkdir, rename, rmdir, stat, utimes } from 'node:fs/promises';

import { isMissing, systemCodeOf } from '../storage/system-error.js';

/** The right to write an archive, for as long as its owner lives. */
export interface ArchiveLease {
  /** Gives it back; a lease that somebody has taken over is theirs. */
  release(): Promise<void>;
}

/** What the directory is called that stands for the lease of a file. */
export const LEASE_SUFFIX = '.lock';

/** A lease that was not renewed for so long has lost its owner. */
export const LEASE_STALE_MS = 10_000;

/** Four renewals may be missed before the lease is given up. */
const RENEWAL_MS = LEASE_STALE_MS / 5;

/** The name of the file that a lock of this name is for; null where it is no lock. */
export function leasedName(name: string): string | null {
  return name.endsWith(LEASE_SUFFIX) ? name.slice(0, -LEASE_SUFFIX.length) : null;
}

/** What a lock is called for the moment in which it is taken away, when a crash comes in that moment. */
const ASIDE_NAME = /\.open\.lock\.[0-9a-f]{8}$/;

/** Removes what a crash in the midst of a takeover left, where `path` is that. Returns whether it is. */
export async function sweepLease(path: string): Promise<boolean> {
  if (!ASIDE_NAME.test(path)) return false;
  await rmdir(path).catch((error) => {
    if (!isMissing(error)) throw error;
  });
  return true;
}

/**
 * Takes the lease of `NAME.open`: a directory beside it, `NAME.open.lock`, whose time is renewed for as long
 * as the process lives. So it dies with its owner, also by a restart of the machine or in another container
 * on the same volume, where process ids say nothing.
 *
 * Who stalls for longer than `LEASE_STALE_MS` may lose it. The writer notices by its file, which is called
 * otherwise then: see `ArchiveFile`.
 *
 * (The package proper-lockfile does this, too; with it comes signal-exit 3, which ends the process at a
 * signal that the application handles by `process.once`.)
 *
 * @param openPath the archive's path while it is open, which need not be there
 * @returns null where somebody alive has it
 */
export async function takeLease(openPath: string): Promise<ArchiveLease | null> {
  const path = openPath + LEASE_SUFFIX;
  // Once more, where it was given up.
  for (let attempt = 0; attempt < 2; attempt++) {
    try {
      await mkdir(path);
      return new Lease(path, await identityOf(path));
    } catch (error) {
      if (systemCodeOf(error) !== 'EEXIST') throw error;
    }
    if (!(await removeStale(path))) return null;
  }
  return null;
}

class Lease implements ArchiveLease {
  readonly #path: string;
  readonly #identity: string | null;
  readonly #timer: NodeJS.Timeout;
  #renewing: Promise<void> = Promise.resolve();

  constructor(path: string, identity: string | null) {
    this.#path = path;
    this.#identity = identity;
    this.#timer = setInterval(() => {
      // Whatever fails is tried again in a moment, or costs the lease, which is noticed otherwise.
      this.#renewing = this.#renew().catch(() => undefined);
    }, RENEWAL_MS);
    this.#timer.unref();
  }

  async release(): Promise<void> {
    clearInterval(this.#timer);
    await this.#renewing;
    try {
      if (await this.#isOurs()) await rmdir(this.#path);
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
  }

  async #renew(): Promise<void> {
    if (await this.#isOurs()) await utimes(this.#path, new Date(), new Date());
  }

  async #isOurs(): Promise<boolean> {
    return this.#identity !== null && (await identityOf(this.#path)) === this.#identity;
  }
}

/** Tells a directory from another that came to its name: inodes are used again, births are not. */
async function identityOf(path: string): Promise<string | null> {
  try {
    const { birthtimeMs, dev, ino } = await stat(path);
    return `${dev} ${ino} ${birthtimeMs}`;
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

/** Removes a lease whose owner is gone. Returns false where it is alive. */
async function removeStale(path: string): Promise<boolean> {
  // Of several who find it stale one gets the rename; what another has put there since is given back.
  const aside = `${path}.${randomBytes(4).toString('hex')}`;
  try {
    const identity = await identityOf(path);
    const { mtimeMs } = await stat(path);
    if (Date.now() - mtimeMs < LEASE_STALE_MS) return false;
    await rename(path, aside);
    if ((await identityOf(aside)) !== identity) {
      await rename(aside, path);
      return false;
    }
    await rmdir(aside);
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
  return true;
}
