import type { FileStatus } from './file-layer.js';

/**
 * Whether two statuses describe one file: the same inode on the same device. Inodes alone repeat
 * across devices.
 */
export function isSameFile(
  one: Pick<FileStatus, 'ino' | 'dev'>,
  other: Pick<FileStatus, 'ino' | 'dev'>,
): boolean {
  return one.ino === other.ino && one.dev === other.dev;
}
