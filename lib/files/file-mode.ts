import { show } from '../errors/show.js';
import { DEFAULT_FILE_MODE, type FileLayer } from './file-layer.js';

const MOST = 0o777;

/**
 * Checks the permissions of new files.
 *
 * @throws TypeError or RangeError that shows the value
 */
export function parseFileMode(mode: number | undefined): number {
  if (mode === undefined) return DEFAULT_FILE_MODE;
  const expected = 'expected a number such as 0o600 or 0o640';
  if (typeof mode !== 'number') throw new TypeError(`mode is ${show(mode)}, ${expected}`);
  const isMode = Number.isInteger(mode) && mode >= 0 && mode <= MOST;
  if (!isMode) throw new RangeError(`mode is ${mode}, ${expected}`);
  // Recovery reads files, and repairs some of them.
  if ((mode & DEFAULT_FILE_MODE) !== DEFAULT_FILE_MODE) {
    throw new RangeError(`mode is 0o${mode.toString(8)}, expected the owner's bits 0o600 in it`);
  }
  return mode;
}

/** A file layer that creates files with these permissions. The process's umask may take some away. */
export function withFileMode(files: FileLayer, mode: number): FileLayer {
  if (mode === DEFAULT_FILE_MODE) return files;
  return {
    open: (path, openMode) => files.open(path, openMode, mode),
    stat: (path) => files.stat(path),
    lstat: (path) => files.lstat(path),
    readdir: (path) => files.readdir(path),
    link: (existing, path) => files.link(existing, path),
    rename: (from, to) => files.rename(from, to),
    unlink: (path) => files.unlink(path),
    mkdir: (path) => files.mkdir(path),
    rmdir: async (path) => void (await files.rmdir?.(path)),
    syncDirectory: (path) => files.syncDirectory(path),
  };
}
