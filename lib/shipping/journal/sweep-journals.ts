import { basename, join } from 'node:path';

import type { FileLayer } from '../../files/file-layer.js';
import { findFile } from '../../files/find-file.js';
import { unlinkIfThere } from '../../files/unlink-if-there.js';
import { createGlobMatcher } from '../../series/names/glob-matcher.js';
import type { ShippableArchive } from '../../writing/handlers/archive-shipper.js';
import { leasedName, takeStaleLease } from '../../writing/recovery/lease-takeover.js';
import { ArchiveJournal } from './archive-journal.js';
import type { JournaledArchive, JournaledUpload } from './journal-entry.js';
import { parseJournalName } from './journal-name.js';

/**
 * Deletes files that crashes have left behind: journals whose archive is gone, entries that were
 * not completely written, and stale leases of archives that are gone, or were shipped and kept.
 *
 * @param abort aborts an upload of an archive that is gone; returns whether nothing is left of the
 * upload
 */
export async function sweepJournals(
  directory: string,
  pattern: string,
  files: FileLayer,
  abort: (upload: JournaledUpload, archive: ShippableArchive) => Promise<boolean>,
): Promise<void> {
  const isMatch = createGlobMatcher(pattern);
  for (const entry of await files.readdir(directory)) {
    const path = join(directory, entry.name);
    const leased = entry.isFile() ? leasedName(entry.name) : null;
    if (leased !== null && isMatch(leased)) await sweepLeaseOf(join(directory, leased), files);
    const journal = entry.isFile() ? parseJournalName(entry.name) : null;
    if (journal === null || !isMatch(journal.archive)) continue;
    if (journal.kind === 'temporary') await unlinkIfThere(files, path);
    else await sweepJournalOf(join(directory, journal.archive), files, abort);
  }
}

async function sweepJournalOf(
  archive: string,
  files: FileLayer,
  abort: (upload: JournaledUpload, archive: ShippableArchive) => Promise<boolean>,
): Promise<void> {
  if ((await findFile(archive, files)) !== null) return;
  const journal = new ArchiveJournal(archive, files);
  const entry = await journal.read();
  if (entry?.state === 'uploading' && !(await abort(entry.upload, named(archive, entry.archive)))) {
    return;
  }
  // While the upload was aborted, a new archive may have got the name.
  if ((await findFile(archive, files)) === null) await journal.remove();
}

/**
 * Taking a lease and releasing it deletes the file; a lease whose owner lives cannot be taken. That
 * of an archive which is there is swept only if the archive was shipped and kept: otherwise its next
 * shipment takes it.
 */
async function sweepLeaseOf(archive: string, files: FileLayer): Promise<void> {
  const isThere = (await findFile(archive, files)) !== null;
  if (isThere && (await new ArchiveJournal(archive, files).read())?.state !== 'settled') return;
  await (await takeStaleLease(archive, files))?.release();
}

function named(path: string, facts: JournaledArchive): ShippableArchive {
  return { ...facts, path, name: basename(path) };
}
