import { type FileLayer, nodeFileLayer } from '../../files/file-layer.js';
import { findFile } from '../../files/find-file.js';
import { isSameAsBefore } from '../../files/is-same-as-before.js';
import { type OptionNames, readOptions } from '../../format/option-names.js';
import { checkFiles, checkPath } from '../../format/option-values.js';
import { ArchiveJournal } from './archive-journal.js';
import type { JournaledObject } from './journal-entry.js';

/** Options of `findShippedObject`. */
export interface FindShippedOptions {
  /** The file system of the archive. @default nodeFileLayer */
  readonly files?: FileLayer | undefined;
}

const FIND_SHIPPED_OPTION_NAMES: OptionNames<FindShippedOptions> = { files: checkFiles };

/**
 * Where a local archive was shipped to, as the journal beside it says: the store had confirmed it
 * then. Asks no store.
 *
 * @param path the path of the archive's file
 * @returns undefined if there is no journal that says so of this very file
 */
export async function findShippedObject(
  path: string,
  given?: FindShippedOptions,
): Promise<Pick<JournaledObject, 'store' | 'key' | 'storedBytes'> | undefined> {
  const { files = nodeFileLayer } = readOptions(given, FIND_SHIPPED_OPTION_NAMES);
  checkPath('path', path);
  const entry = await ArchiveJournal.peek(path, files);
  if (entry?.state !== 'verified' && entry?.state !== 'settled') return undefined;
  const file = await findFile(path, files);
  const { archive, object } = entry;
  const before = { ino: archive.ino, mtimeMs: archive.mtimeMs, size: archive.bytes };
  if (file === null || !(await isSameAsBefore(path, file, before, files))) return undefined;
  const { key, store, storedBytes } = object;
  return { store, key, storedBytes };
}
