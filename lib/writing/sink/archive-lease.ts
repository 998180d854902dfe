import { randomBytes } from 'node:crypto';

import { NotAFileError } from '../../errors/not-a-file-error.js';
import type { FileLayer, OpenFile } from '../../files/file-layer.js';
import { findFile } from '../../files/find-file.js';
import { isMissing, systemCodeOf } from '../../files/system-error.js';
import { takeName } from '../../files/take-name.js';
import { unlinkIfThere } from '../../files/unlink-if-there.js';
import { writeAll } from '../../files/write-all.js';
import { monotonicMs, timers } from '../../format/timers.js';
import { LEASE_SUFFIX, TORN_INFIX } from '../../series/names/archive-state.js';

/** The right to write an archive, for as long as its owner lives. */
export interface ArchiveLease {
  /** Whether no other process has taken the lease over, and it was not removed. */
  isOwn(): Promise<boolean>;
  /** Gives the lease back, unless another process has taken it over. */
  release(): Promise<void>;
}

/** How often an owner renews its lease, in ms. */
export const LEASE_RENEWAL_MS = 1000;

/** The random bytes by which an owner recognises its lease. Inode numbers are not stable everywhere. */
const TOKEN_BYTES = 8;

/** A lease holds a token of 16 hex digits and nothing else. */
const LONGEST_TOKEN_BYTES = 2 * TOKEN_BYTES;

/**
 * Takes the lease of `NAME.open`: a file beside it, `NAME.open.lock`, whose modification time the
 * process keeps renewing. A lease therefore ends with its owner, also after a restart of the
 * machine or in another container on the same volume, where process ids mean nothing.
 *
 * A process that stalls for longer than `LEASE_STALE_MS` may lose its lease. The writer notices
 * because its file then has another name: see `ArchivePath.check`.
 *
 * (The package proper-lockfile does the same, but depends on signal-exit 3, which ends the process
 * on a signal that the application handles with `process.once`.)
 *
 * @param openPath path of the archive while it is open; the archive need not exist
 * @returns null if the lease exists, whether its owner lives or not: see `takeOverLease`. Anything but
 *   a regular file is no lease, and is renamed.
 */
export async function takeLease(openPath: string, files: FileLayer): Promise<ArchiveLease | null> {
  const path = openPath + LEASE_SUFFIX;
  const lease = await create(path, files);
  if (lease !== null || !(await setAsideNonFile(openPath, files))) return lease;
  return await create(path, files);
}

async function create(path: string, files: FileLayer): Promise<ArchiveLease | null> {
  try {
    return await RenewedLease.create(path, files);
  } catch (error) {
    if (systemCodeOf(error) === 'EEXIST') return null;
    throw error;
  }
}

/**
 * Gives a pipe, a link or a directory in place of a lease another name, `NAME.open.torn-…`: no owner
 * renews it, and it would be in the way of every process for 10 s.
 *
 * @returns whether the name of the lease is free now
 */
async function setAsideNonFile(openPath: string, files: FileLayer): Promise<boolean> {
  const path = openPath + LEASE_SUFFIX;
  const found = await findFile(path, files);
  if (found === null || found.isFile()) return false;
  const aside = `${openPath}${TORN_INFIX}${randomBytes(4).toString('hex')}`;
  try {
    await files.rename(path, aside);
  } catch (error) {
    if (isMissing(error)) return true;
    throw error;
  }
  const moved = await findFile(aside, files);
  if (moved === null || !moved.isFile()) return true;
  // Another process has just put its lease there.
  await takeName(files, aside, path).catch(() => undefined);
  await unlinkIfThere(files, aside);
  return false;
}

/**
 * The text that distinguishes a lease from every other one; empty if its owner has written none yet.
 *
 * @returns null if there is no such file, or only something else
 */
export async function readLeaseToken(path: string, files: FileLayer): Promise<string | null> {
  let file: OpenFile;
  try {
    file = await files.open(path, 'r');
  } catch (error) {
    if (isMissing(error) || error instanceof NotAFileError) return null;
    throw error;
  }
  try {
    const bytes = Buffer.alloc(LONGEST_TOKEN_BYTES);
    const { bytesRead } = await file.read(bytes, 0, bytes.length, 0);
    return bytes.toString('latin1', 0, bytesRead);
  } finally {
    await file.close();
  }
}

class RenewedLease implements ArchiveLease {
  readonly #path: string;
  readonly #files: FileLayer;
  readonly #file: OpenFile;
  readonly #token: string;
  readonly #takenMs: number;
  readonly #startMs = monotonicMs();
  #timer: NodeJS.Timeout | undefined;
  #renewing: Promise<void> = Promise.resolve();
  #isReleased = false;

  static async create(path: string, files: FileLayer): Promise<RenewedLease> {
    const file = await files.open(path, 'wx');
    const token = randomBytes(TOKEN_BYTES).toString('hex');
    try {
      await writeAll(file, Buffer.from(token), 0);
      const { mtimeMs } = await file.stat();
      return new RenewedLease(path, files, file, { token, mtimeMs });
    } catch (error) {
      // The name was free, so the file is ours to remove. Report the first failure, not one of
      // these.
      await files.unlink(path).catch(() => undefined);
      await file.close();
      throw error;
    }
  }

  private constructor(
    path: string,
    files: FileLayer,
    file: OpenFile,
    { token, mtimeMs }: { readonly token: string; readonly mtimeMs: number },
  ) {
    this.#path = path;
    this.#files = files;
    this.#file = file;
    this.#token = token;
    this.#takenMs = mtimeMs;
    this.#renewLater();
  }

  async isOwn(): Promise<boolean> {
    return (await readLeaseToken(this.#path, this.#files)) === this.#token;
  }

  async release(): Promise<void> {
    if (this.#isReleased) return;
    this.#isReleased = true;
    timers.clearTimeout(this.#timer);
    await this.#renewing;
    try {
      if (await this.isOwn()) await unlinkIfThere(this.#files, this.#path);
    } finally {
      await this.#file.close();
    }
  }

  /**
   * Renews one at a time: on a disk that hangs, more renewals would block all threads of the
   * process.
   */
  #renewLater(): void {
    if (this.#isReleased) return;
    this.#timer = timers.setTimeout(() => {
      // A failed renewal is repeated soon. If all fail, the lease is lost, and `ArchivePath`
      // notices.
      this.#renewing = this.#renew()
        .catch(() => undefined)
        .finally(() => this.#renewLater());
    }, LEASE_RENEWAL_MS);
    this.#timer.unref();
  }

  /**
   * Advances the file's time by a clock that cannot be set, from the time that the file system gave
   * it. The time of day could stand still, or jump back to an earlier renewal.
   */
  async #renew(): Promise<void> {
    const seconds = (this.#takenMs + monotonicMs() - this.#startMs) / 1000;
    try {
      await this.#file.utimes(seconds, seconds);
    } catch {
      // Some network file systems let no process set a time. A write sets it, too.
      await writeAll(this.#file, Buffer.from(this.#token), 0);
    }
  }
}
