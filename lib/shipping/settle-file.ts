import { dirname, join } from 'node:path';

import { ArchiveError } from '../errors/archive-error.js';
import type { FileLayer, FileStatus } from '../files/file-layer.js';
import { findFile } from '../files/find-file.js';
import { makeDirectory } from '../files/make-directory.js';
import { isMissing } from '../files/system-error.js';
import { unlinkIfThere } from '../files/take-name.js';
import type { ShippableArchive } from '../writing/handlers/archive-shipper.js';
import { moveFile } from '../writing/handlers/move-file.js';
import type { LocalFile } from './ship-options.js';

/** What tells a file from another that came to its name, and from what somebody has made of it. */
export type ShippedFile = Pick<FileStatus, 'ino' | 'mtimeMs'>;

/**
 * Does with the local file of a shipped archive what the user chose. No file is touched but the one that
 * was shipped: the name may be another archive's by now, which the store does not have.
 *
 * @param shipped what told the file from others before it was read; null where it was gone
 * @throws ArchiveError `ERR_ARCHIVE_CHANGED` where somebody has written to it since
 */
export async function settleFile(
  archive: Pick<ShippableArchive, 'path' | 'name' | 'bytes'>,
  shipped: ShippedFile | null,
  localFile: LocalFile,
  files: FileLayer,
): Promise<void> {
  const { bytes, name, path } = archive;
  if (localFile === 'keep') return;
  const found = await findFile(path, files);
  // Not there: another writer of the directory, which had adopted it, was faster.
  if (found === null || found.ino !== shipped?.ino) return;
  if (found.size !== bytes || found.mtimeMs !== shipped.mtimeMs) {
    const message = `${path} has changed since it was shipped: it stays as it is`;
    throw new ArchiveError('ERR_ARCHIVE_CHANGED', message);
  }
  if (localFile === 'delete') {
    await unlinkIfThere(files, path);
    await files.syncDirectory(dirname(path));
    return;
  }
  await makeDirectory(files, localFile.moveTo);
  try {
    await moveFile(files, path, join(localFile.moveTo, name));
  } catch (error) {
    if (!isMissing(error) || (await findFile(path, files)) !== null) throw error;
  }
}
