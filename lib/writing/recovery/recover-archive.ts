import { basename, dirname, join } from 'node:path';

import type { FileLayer, FileStatus } from '../../files/file-layer.js';
import { findFile } from '../../files/find-file.js';
import { isSameFile } from '../../files/same-file.js';
import { unlinkIfThere } from '../../files/take-name.js';
import { OPEN_SUFFIX, STALE_SUFFIX } from '../../series/names/archive-state.js';
import type { ArchiveTemplate } from '../../series/names/archive-template.js';
import { temporaryBaseOf } from '../../series/names/temporary-path.js';
import { listSealed } from './previous-archive.js';
import type { RecoveredArchive } from './recovered-archive.js';
import { StaleArchive } from './stale-archive.js';

/**
 * Recovers `NAME.open`, or the `NAME.stale` that an earlier attempt left, whose lease the caller has. Each
 * step lasts before the next, can be made again after a crash, and leaves every record where readers find it
 * once:
 *
 * 1. `NAME.open` is renamed to `NAME.stale`, before it is read: its writer, if it lives and only stalled,
 *    sees that before it promises anything more.
 * 2. All valid frames are copied to a new file; the rest is kept aside.
 * 3. The copy replaces `NAME.stale`.
 * 4. It gets the archive's name, as an open archive does that is sealed: it has both for a moment.
 *
 * Where there is an open one beside the stale one, that is left for the next call.
 *
 * The index says what is known of the archive's place: that of the next one, where the one before it is in
 * this directory; of the first, where it has the writer's first record; or that it is not known.
 *
 * @param base the archive's path without the suffix of its state
 * @returns null where there was no record in it
 * @throws what the system calls throw; the old file, or its copy, is there then, for the next attempt
 */
export async function recoverArchive(
  base: string,
  template: ArchiveTemplate,
  files: FileLayer,
): Promise<RecoveredArchive | null> {
  await removeLeftovers(base, files);
  const [open, stale] = [base + OPEN_SUFFIX, base + STALE_SUFFIX];
  // It comes first: the rename would replace it.
  const left = (await findFile(stale, files)) === null ? open : stale;
  const found = await findFile(left, files);
  if (found === null) return null;
  if (await isSealed(found, base, template, files)) {
    // A crash came between its two names.
    await unlinkIfThere(files, left);
    await files.syncDirectory(dirname(base));
    return null;
  }
  if (left === open) {
    await files.rename(open, stale);
    await files.syncDirectory(dirname(base));
  }
  return await new StaleArchive(base, template, files).recover();
}

/** Removes the copies of attempts that were cut off. */
async function removeLeftovers(base: string, files: FileLayer): Promise<void> {
  const directory = dirname(base);
  for (const { name } of await files.readdir(directory)) {
    if (temporaryBaseOf(name) !== basename(base)) continue;
    await unlinkIfThere(files, join(directory, name));
  }
}

/** Whether the file has the name of a sealed archive, too: any, for content may have settled it. */
async function isSealed(
  left: FileStatus,
  base: string,
  template: ArchiveTemplate,
  files: FileLayer,
): Promise<boolean> {
  if (left.nlink < 2) return false;
  for (const path of await listSealed(dirname(base), template.pattern, files)) {
    const other = await findFile(path, files);
    if (other !== null && isSameFile(other, left)) return true;
  }
  return false;
}
