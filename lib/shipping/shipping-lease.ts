import { type ArchiveLease, takeLease } from '../rolling/archive-lease.js';
import { systemCodeOf } from '../storage/system-error.js';

/**
 * The right to ship an archive. Two writers of one directory would both send what they find there: that
 * does no harm, but is work for nothing, and each would take the other's upload for one that was cut off.
 * Where no lease can be had, as on a full disk, it is done without.
 *
 * @param path the sealed archive's; the lease is `NAME.lock`
 * @returns null where somebody alive ships it now
 */
export async function takeShippingLease(path: string): Promise<ArchiveLease | null> {
  try {
    return await takeLease(path);
  } catch (error) {
    if (systemCodeOf(error) === undefined) throw error;
    return NO_LEASE;
  }
}

const NO_LEASE: ArchiveLease = { release: async () => {} };
