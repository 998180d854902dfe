import type { FileStatus } from './file-layer.js';

/**
 * Whether two statuses describe one file: the same inode on the same device. Inodes alone repeat
 * across devices. (On a file system without stable inode numbers this may be wrong either way: see
 * `isUnchanged` and `FileIdentity`.)
 */
export function isSameFile(
  one: Pick<FileStatus, 'ino' | 'dev'>,
  other: Pick<FileStatus, 'ino' | 'dev'>,
): boolean {
  return one.ino === other.ino && one.dev === other.dev;
}

/**
 * Whether a file that no process writes to any more is still what it was: its size and time. Unlike
 * its inode number, these are the same with every call on a network file system.
 */
export function isUnchanged(
  one: Pick<FileStatus, 'size' | 'mtimeMs'>,
  other: Pick<FileStatus, 'size' | 'mtimeMs'>,
): boolean {
  return one.size === other.size && one.mtimeMs === other.mtimeMs;
}

/**
 * Whether two names lead to one file that no process writes to any more. `one` must have been asked
 * after both names existed.
 */
export function isSecondName(one: FileStatus, other: FileStatus): boolean {
  return isUnchanged(one, other) && (isSameFile(one, other) || one.nlink > 1);
}
