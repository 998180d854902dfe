import { randomBytes } from 'node:crypto';

import type { FileLayer } from '../../files/file-layer.js';
import { findFile } from '../../files/find-file.js';
import { isMissing, systemCodeOf } from '../../files/system-error.js';
import { unlinkIfThere } from '../../files/unlink-if-there.js';
import { realNowMs } from '../../format/timers.js';
import { LEASE_SUFFIX } from '../../series/names/archive-state.js';
import {
  type ArchiveLease,
  LEASE_RENEWAL_MS,
  readLeaseToken,
  takeLease,
} from '../sink/archive-lease.js';

/** A lease as it was at some moment. A living owner changes `mtimeMs` before long. */
export interface LeaseSighting {
  /** The text by which its owner recognises it. */
  readonly token: string;
  readonly mtimeMs: number;
}

/** A lease that was not renewed for this long has lost its owner. */
export const LEASE_STALE_MS = 10_000;

/**
 * How long to watch a lease whose time looks stale. A clock that was set forward makes all leases
 * look stale until their owners renew them, so an owner may miss two renewals meanwhile.
 */
export const LEASE_CONFIRM_MS = 3 * LEASE_RENEWAL_MS;

/** The lease of `NAME.open` as it is now; null if there is none. */
export async function sightLease(
  openPath: string,
  files: FileLayer,
): Promise<LeaseSighting | null> {
  return await sight(openPath + LEASE_SUFFIX, files);
}

/**
 * Whether the lease's time says that its owner no longer renews it. This is a guess, because clocks
 * jump and differ between machines. Before taking the lease over, watch it for `LEASE_CONFIRM_MS`
 * if it looks stale, and for `LEASE_STALE_MS` if not.
 */
export function looksStale({ mtimeMs }: LeaseSighting): boolean {
  return realNowMs() - mtimeMs >= LEASE_STALE_MS;
}

/**
 * Takes over a lease that has not changed since it was `sighted`. The caller must have waited long
 * enough in between: see `looksStale`.
 *
 * @returns null if its owner has renewed it since, or another process has taken it over
 */
export async function takeOverLease(
  openPath: string,
  sighted: LeaseSighting,
  files: FileLayer,
): Promise<ArchiveLease | null> {
  const path = openPath + LEASE_SUFFIX;
  if (!isSameSighting(await sightLease(openPath, files), sighted)) return null;
  // Unlinking by name could delete a lease just taken by another process: rename it first, then
  // check.
  const aside = `${openPath}.taken-${randomBytes(4).toString('hex')}${LEASE_SUFFIX}`;
  try {
    await files.rename(path, aside);
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
  const isStale = isSameSighting(await sight(aside, files), sighted);
  if (!isStale) await linkUnlessTaken(aside, path, files);
  await unlinkIfThere(files, aside);
  return isStale ? await takeLease(openPath, files) : null;
}

/**
 * Takes a lease that is free, or that looks stale, without watching it first. Only for work that
 * does no harm if the owner still lives.
 *
 * @returns null if another process has it and seems to be alive
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

/** Whether a file of this name was left by a takeover that was interrupted, and may be deleted. */
export function isLeaseAside(name: string): boolean {
  return /\.taken-[0-9a-f]{8}\.lock$/.test(name);
}

/** The name of the file that a lease of this name is for; null if it is not the name of a lease. */
export function leasedName(name: string): string | null {
  if (!name.endsWith(LEASE_SUFFIX) || isLeaseAside(name)) return null;
  return name.slice(0, -LEASE_SUFFIX.length);
}

/** Whether a lease was neither renewed nor taken over between two sightings. */
export function isSameSighting(one: LeaseSighting | null, other: LeaseSighting | null): boolean {
  return one?.token === other?.token && one?.mtimeMs === other?.mtimeMs;
}

async function sight(path: string, files: FileLayer): Promise<LeaseSighting | null> {
  const found = await findFile(path, files);
  if (found === null) return null;
  // Anything but a file is no lease of a living owner, and cannot be read.
  const token = found.isFile() ? await readLeaseToken(path, files) : '';
  return token === null ? null : { token, mtimeMs: found.mtimeMs };
}

async function linkUnlessTaken(from: string, to: string, files: FileLayer): Promise<void> {
  try {
    await files.link(from, to);
  } catch (error) {
    if (systemCodeOf(error) !== 'EEXIST') throw error;
  }
}
