import { dirname, join } from 'node:path';

import type { ShippableArchive } from '../rolling/archive-shipper.js';
import type { FileLayer } from '../storage/file-layer.js';
import { makeDirectory } from '../storage/make-directory.js';
import { unlinkIfThere } from '../storage/take-name.js';
import { moveFile } from './move-file.js';
import type { LocalFile } from './ship-options.js';

/** Does with the local file of a shipped archive what the user chose. */
export async function settleFile(
  archive: ShippableArchive,
  localFile: LocalFile,
  files: FileLayer,
): Promise<void> {
  const { name, path } = archive;
  if (localFile === 'keep') return;
  if (localFile === 'delete') {
    // Not there: another writer of the directory, which had adopted it, was faster.
    await unlinkIfThere(files, path);
    await files.syncDirectory(dirname(path));
    return;
  }
  await makeDirectory(files, localFile.moveTo);
  await moveFile(files, path, join(localFile.moveTo, name));
}
