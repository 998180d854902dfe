import { randomBytes } from 'node:crypto';

import type { FileLayer, OpenFile } from '../../files/file-layer.js';
import { isMissing, systemCodeOf } from '../../files/system-error.js';
import { unlinkIfThere } from '../../files/take-name.js';
import { LEASE_SUFFIX } from '../../series/names/archive-state.js';

/** The right to write an archive, for as long as its owner lives. */
export interface ArchiveLease {
  /** Gives it back; a lease that somebody has taken over is theirs. */
  release(): Promise<void>;
}

/** A lease as it was seen at some time. Its owner, if alive, changes it before long. */
export interface LeaseSighting {
  readonly ino: number;
  readonly mtimeMs: number;
}

/** A lease that nobody renewed for so long has lost its owner. */
export const LEASE_STALE_MS = 10_000;

/**
 * So long one is watched that says by its time that it is stale: a clock that was set forward says that of
 * all leases, until they are renewed.
 */
export const LEASE_CONFIRM_MS = 3000;

/** Two renewals may be missed while somebody watches. */
const RENEWAL_MS = LEASE_CONFIRM_MS / 3;

/**
 * Takes the lease of `NAME.open`: a file beside it, `NAME.open.lock`, whose time is changed for as long as
 * the process lives. So it dies with its owner, also by a restart of the machine or in another container on
 * the same volume, where process ids say nothing.
 *
 * Who stalls for longer than `LEASE_STALE_MS` may lose it. The writer notices by its file, which is called
 * otherwise then: see `ArchiveFile`.
 *
 * (The package proper-lockfile does this, too; with it comes signal-exit 3, which ends the process at a
 * signal that the application handles by `process.once`.)
 *
 * @param openPath the archive's path while it is open, which need not be there
 * @returns null where somebody has it, alive or not: see `takeOverLease`
 */
export async function takeLease(openPath: string, files: FileLayer): Promise<ArchiveLease | null> {
  try {
    return await Lease.create(openPath + LEASE_SUFFIX, files);
  } catch (error) {
    if (systemCodeOf(error) === 'EEXIST') return null;
    throw error;
  }
}

/** What is to be seen of the lease of `NAME.open`; null where nobody has it. */
export async function sightLease(
  openPath: string,
  files: FileLayer,
): Promise<LeaseSighting | null> {
  return await sight(openPath + LEASE_SUFFIX, files);
}

/**
 * Whether its time says that nobody renews it. That is a guess, since clocks jump, and differ between
 * machines: who wants the lease has to watch it for `LEASE_CONFIRM_MS` then, and otherwise for
 * `LEASE_STALE_MS`.
 */
export function looksStale({ mtimeMs }: LeaseSighting): boolean {
  return Date.now() - mtimeMs >= LEASE_STALE_MS;
}

/**
 * Takes over a lease that is as it was `sighted`. How long ago that was is the caller's to have waited.
 *
 * @returns null where it was renewed since, or another has taken it over
 */
export async function takeOverLease(
  openPath: string,
  sighted: LeaseSighting,
  files: FileLayer,
): Promise<ArchiveLease | null> {
  const path = openPath + LEASE_SUFFIX;
  if (!isSame(await sight(path, files), sighted)) return null;
  // To remove it by its name could remove that of who was faster: whoever renames it knows what it has.
  const aside = `${openPath}.taken-${randomBytes(4).toString('hex')}${LEASE_SUFFIX}`;
  try {
    await files.rename(path, aside);
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
  const isStale = isSame(await sight(aside, files), sighted);
  if (!isStale) await linkUnlessTaken(aside, path, files);
  await unlinkIfThere(files, aside);
  return isStale ? await takeLease(openPath, files) : null;
}

/**
 * Takes a lease that is free, or looks stale, without watching it: for what does no harm where that is wrong.
 *
 * @returns null where somebody has it who seems to be alive
 */
export async function takeStaleLease(
  openPath: string,
  files: FileLayer,
): Promise<ArchiveLease | null> {
  const lease = await takeLease(openPath, files);
  const sighted = lease === null ? await sightLease(openPath, files) : null;
  if (sighted === null || !looksStale(sighted)) return lease;
  return await takeOverLease(openPath, sighted, files);
}

/** Whether `name` is what a takeover that was cut off may have left; nobody needs it. */
export function isLeaseAside(name: string): boolean {
  return /\.taken-[0-9a-f]{8}\.lock$/.test(name);
}

/** The name of the file that a lock of this name is for; null where it is no lock. */
export function leasedName(name: string): string | null {
  if (!name.endsWith(LEASE_SUFFIX) || isLeaseAside(name)) return null;
  return name.slice(0, -LEASE_SUFFIX.length);
}

class Lease implements ArchiveLease {
  readonly #path: string;
  readonly #files: FileLayer;
  /** Kept open: as long as it is, no other file gets its inode. */
  readonly #file: OpenFile;
  readonly #ino: number;
  readonly #takenMs: number;
  readonly #startMs = performance.now();
  #timer: NodeJS.Timeout | undefined;
  #renewing: Promise<void> = Promise.resolve();
  #isReleased = false;

  static async create(path: string, files: FileLayer): Promise<Lease> {
    const file = await files.open(path, 'wx');
    try {
      const { ino, mtimeMs } = await file.stat();
      return new Lease(path, files, file, { ino, mtimeMs });
    } catch (error) {
      // It is nobody else's: the name was free. The first failure is the one to tell.
      await files.unlink(path).catch(() => undefined);
      await file.close();
      throw error;
    }
  }

  private constructor(path: string, files: FileLayer, file: OpenFile, taken: LeaseSighting) {
    this.#path = path;
    this.#files = files;
    this.#file = file;
    this.#ino = taken.ino;
    this.#takenMs = taken.mtimeMs;
    this.#renewLater();
  }

  async release(): Promise<void> {
    if (this.#isReleased) return;
    this.#isReleased = true;
    clearTimeout(this.#timer);
    await this.#renewing;
    try {
      const found = await sight(this.#path, this.#files);
      if (found?.ino === this.#ino) await unlinkIfThere(this.#files, this.#path);
    } finally {
      await this.#file.close();
    }
  }

  /** One renewal at a time: on a disk that hangs, more would take all threads of the process. */
  #renewLater(): void {
    if (this.#isReleased) return;
    this.#timer = setTimeout(() => {
      // Whatever fails is tried again in a moment, or costs the lease, which is noticed otherwise.
      this.#renewing = this.#renew()
        .catch(() => undefined)
        .finally(() => this.#renewLater());
    }, RENEWAL_MS);
    this.#timer.unref();
  }

  /**
   * Not by the time of day, which may stand still, or jump to where it was: from the time that the file
   * system gave it, it goes on by a clock that cannot be set.
   */
  async #renew(): Promise<void> {
    const seconds = (this.#takenMs + performance.now() - this.#startMs) / 1000;
    await this.#file.utimes(seconds, seconds);
  }
}

async function sight(path: string, files: FileLayer): Promise<LeaseSighting | null> {
  try {
    const { ino, mtimeMs } = await files.stat(path);
    return { ino, mtimeMs };
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

function isSame(found: LeaseSighting | null, sighted: LeaseSighting): boolean {
  return found?.ino === sighted.ino && found.mtimeMs === sighted.mtimeMs;
}

async function linkUnlessTaken(from: string, to: string, files: FileLayer): Promise<void> {
  try {
    await files.link(from, to);
  } catch (error) {
    if (systemCodeOf(error) !== 'EEXIST') throw error;
  }
}
