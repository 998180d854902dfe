import { dirname, join } from 'node:path';

import { ArchiveError } from '../errors/archive-error.js';
import type { FileLayer, FileStatus } from '../files/file-layer.js';
import { findFile } from '../files/find-file.js';
import { isSameAsBefore } from '../files/is-same-as-before.js';
import { makeDirectory } from '../files/make-directory.js';
import { syncDirectory } from '../files/sync-directory.js';
import { isMissing } from '../files/system-error.js';
import { unlinkIfThere } from '../files/unlink-if-there.js';
import type { ShippableArchive } from '../writing/handlers/archive-shipper.js';
import { moveFile } from '../writing/handlers/move-file.js';
import type { LocalFile } from './ship-options.js';

/** Identifies a file: another file under its name, or a later change, differs in one of these. */
export type ShippedFile = Pick<FileStatus, 'ino' | 'mtimeMs'>;

/**
 * Deletes, keeps or moves the local file of a shipped archive. Touches no file but the one that was
 * shipped: its name may belong to another archive meanwhile, which the store does not have.
 *
 * @param shipped the file as it was before it was read; null if it was gone
 * @throws ArchiveError `ERR_ARCHIVE_CHANGED` if the file was written to since
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
  // Another writer of the directory had adopted the archive and settled it first.
  if (found === null || shipped === null) return;
  if (
    !(await isSameAsBefore(
      path,
      found,
      { ino: shipped.ino, mtimeMs: shipped.mtimeMs, size: bytes },
      files,
    ))
  ) {
    // Without stable inode numbers, a changed file looks like another one, and stays.
    if (found.ino !== shipped.ino) return;
    const [was, is] = [describe(bytes, shipped.mtimeMs), describe(found.size, found.mtimeMs)];
    const message = `${path} has changed since it was shipped: expected ${was}, found ${is}`;
    throw new ArchiveError('ERR_ARCHIVE_CHANGED', message);
  }
  if (localFile === 'delete') {
    await unlinkIfThere(files, path);
    await syncDirectory(files, dirname(path));
    return;
  }
  await makeDirectory(files, localFile.moveTo);
  try {
    await moveFile(files, path, join(localFile.moveTo, name));
  } catch (error) {
    if (!isMissing(error) || (await findFile(path, files)) !== null) throw error;
  }
}

function describe(bytes: number, mtimeMs: number): string {
  return `${bytes} bytes written at ${new Date(mtimeMs).toISOString()}`;
}
