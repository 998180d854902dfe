import { join } from 'node:path';

import type { FileLayer, FileStatus } from '../../files/file-layer.js';
import { fromSystemError, isMissing, systemCodeOf } from '../../files/system-error.js';
import { isUnreadableName } from '../../files/unreadable-name.js';

/** A regular file below the directory that is walked. */
export interface WalkedFile {
  readonly path: string;
  /** The path below that directory, with `/` as separator. */
  readonly key: string;
  readonly status: FileStatus;
}

/**
 * Every regular file below `directory` whose key begins with `prefix`, in the byte order of the
 * keys; none when the directory is missing. Does not follow symbolic links.
 *
 * @param isWanted called with each key before the file's status is read
 * @param onUnreadable called for each file or directory whose name is not UTF-8
 * @throws StoreError
 */
export function walkDirectory(
  files: FileLayer,
  directory: string,
  prefix: string,
  isWanted: (key: string) => boolean,
  onUnreadable: (key: string) => void = () => undefined,
): AsyncGenerator<WalkedFile> {
  return walk(directory, '');

  async function* walk(folder: string, above: string): AsyncGenerator<WalkedFile> {
    for (const { name, isDirectory } of await entriesOf(files, folder)) {
      const key = above + name;
      const path = join(folder, name);
      if (key.startsWith(prefix) && (await isUnreadableName(path, files))) {
        onUnreadable(key.replace(/\/$/, ''));
      } else if (isDirectory) {
        if (key.startsWith(prefix) || prefix.startsWith(key)) yield* walk(path, key);
      } else if (key.startsWith(prefix) && isWanted(key)) {
        const file = await lookAt(files, path, key);
        if (file !== null) yield file;
      }
    }
  }
}

interface Entry {
  readonly name: string;
  readonly isDirectory: boolean;
}

/**
 * Sorted so that a walk gives keys in byte order: a directory sorts with a slash after its name.
 */
async function entriesOf(files: FileLayer, directory: string): Promise<Entry[]> {
  try {
    const entries = await files.readdir(directory);
    return entries
      .filter((entry) => entry.isDirectory() || entry.isFile())
      .map((entry) => ({
        name: entry.isDirectory() ? `${entry.name}/` : entry.name,
        isDirectory: entry.isDirectory(),
      }))
      .sort((a, b) => Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)));
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return [];
    throw fromSystemError(error, 'list', directory);
  }
}

/** Null when the file was removed after its directory was read. */
async function lookAt(files: FileLayer, path: string, key: string): Promise<WalkedFile | null> {
  try {
    const status = await files.lstat(path);
    if (!status.isFile()) return null;
    return { path, key, status };
  } catch (error) {
    if (isMissing(error)) return null;
    throw fromSystemError(error, 'list', path);
  }
}
