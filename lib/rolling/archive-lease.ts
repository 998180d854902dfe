import { mkdir, rmdir, stat, utimes } from 'node:fs/promises';

import { isMissing, systemCodeOf } from '../storage/system-error.js';
import { OPEN_SUFFIX } from './archive-state.js';

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

/** What there is beside a lock for the moment in which it is taken over, when a crash comes in that moment. */
const CLAIM_SUFFIX = '.claim';

/** Removes what a crash in the midst of a takeover left, where `path` is that. Returns whether it is. */
export async function sweepLease(path: string): Promise<boolean> {
  if (!path.endsWith(OPEN_SUFFIX + LEASE_SUFFIX + CLAIM_SUFFIX)) return false;
  if (await isStale(path)) await removeIfThere(path);
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
      return new Lease(path, await findLock(path));
    } catch (error) {
      if (systemCodeOf(error) !== 'EEXIST') throw error;
    }
    if (!(await removeStale(path))) return null;
  }
  return null;
}

class Lease implements ArchiveLease {
  readonly #path: string;
  readonly #timer: NodeJS.Timeout;
  #found: FoundLock | null;
  #renewing: Promise<void> = Promise.resolve();

  constructor(path: string, found: FoundLock | null) {
    this.#path = path;
    this.#found = found;
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
    if (!(await this.#isOurs())) return;
    const now = new Date();
    await utimes(this.#path, now, now);
    // As it was kept: file systems round.
    this.#found = await findLock(this.#path);
  }

  async #isOurs(): Promise<boolean> {
    const found = await findLock(this.#path);
    const own = this.#found;
    return own !== null && found?.ino === own.ino && found.mtimeMs === own.mtimeMs;
  }
}

/** What tells a lock from another that came to its name: inodes are used again, at other times. */
interface FoundLock {
  readonly ino: number;
  readonly mtimeMs: number;
}

/** (Not by its birth: where that is not kept it is given as the time of the last change.) */
async function findLock(path: string): Promise<FoundLock | null> {
  try {
    const { ino, mtimeMs } = await stat(path);
    return { ino, mtimeMs };
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

async function isStale(path: string): Promise<boolean> {
  const found = await findLock(path);
  return found !== null && Date.now() - found.mtimeMs >= LEASE_STALE_MS;
}

/**
 * Removes a lease whose owner is gone. One at a time, who looks again before that: whoever was slower would
 * remove the lease that the faster one has taken meanwhile.
 *
 * @returns false where its owner is alive, or another is about to remove it
 */
async function removeStale(path: string): Promise<boolean> {
  if (!(await isStale(path))) return (await findLock(path)) === null;
  const claim = path + CLAIM_SUFFIX;
  try {
    await mkdir(claim);
  } catch (error) {
    if (systemCodeOf(error) !== 'EEXIST') throw error;
    // A crash has left it: the next to come may have it.
    if (await isStale(claim)) await removeIfThere(claim);
    return false;
  }
  try {
    if (!(await isStale(path))) return false;
    await removeIfThere(path);
    return true;
  } finally {
    await removeIfThere(claim);
  }
}

async function removeIfThere(path: string): Promise<void> {
  try {
    await rmdir(path);
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}
