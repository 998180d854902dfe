import { systemCodeOf } from '../storage/system-error.js';

/** The right to write an archive, for as long as its owner lives. */
export interface ArchiveLease {
  /** Gives it back; a lease that somebody has taken over is theirs. */
  release(): Promise<void>;
}

/** What a lock is called that stands for the lease of a file. */
export const LEASE_SUFFIX = '.lock';

/** The name of the file that a lock of this name is for; null where it is no lock. */
export function leasedName(name: string): string | null {
  return name.endsWith(LEASE_SUFFIX) ? name.slice(0, -LEASE_SUFFIX.length) : null;
}

/** A lease that was not renewed for so long has lost its owner; a living one renews it twice as often. */
export const LEASE_STALE_MS = 10_000;

/**
 * Who has which lease in this process. The package knows locks by their path alone: who lost one to another
 * here would give back the other's.
 */
const holders = new Map<string, symbol>();

/** Released already, taken over by another, or removed with the directory. */
const GONE = new Set(['ERELEASED', 'ENOTACQUIRED', 'ENOENT']);

/**
 * Takes the lease of `NAME.open`: a lock beside it (`NAME.open.lock`, by the package proper-lockfile) whose
 * time is renewed as long as the process lives. So it dies with its owner, also by a restart of the machine
 * or in another container on the same volume, where process ids say nothing.
 *
 * Who stalls for longer than `LEASE_STALE_MS` may lose it. The writer notices by its file, which is called
 * otherwise then: see `ArchiveFile`.
 *
 * @param openPath the archive's path while it is open, which need not be there
 * @returns null where somebody alive has it
 */
export async function takeLease(openPath: string): Promise<ArchiveLease | null> {
  const { lock } = await import('proper-lockfile');
  let release: () => Promise<void>;
  try {
    release = await lock(openPath, {
      lockfilePath: openPath + LEASE_SUFFIX,
      realpath: false,
      stale: LEASE_STALE_MS,
      retries: 0,
      // By default it throws, from a timer.
      onCompromised: () => {},
    });
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ELOCKED') return null;
    throw error;
  }
  const holder = Symbol(openPath);
  holders.set(openPath, holder);
  return {
    async release() {
      if (holders.get(openPath) !== holder) return;
      holders.delete(openPath);
      try {
        await release();
      } catch (error) {
        if (!GONE.has(systemCodeOf(error) ?? '')) throw error;
      }
    },
  };
}
