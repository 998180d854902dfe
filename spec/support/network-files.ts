import { type FileLayer, type FileStatus, nodeFileLayer } from '../../lib/files/file-layer.js';
import { systemError } from './test-disk.js';
import { withFile } from './with-file.js';

/** How a file system numbers its files. */
export type InodeNumbers = 'changing' | 'one for all' | 'zero' | 'of the name';

export interface NetworkFilesOptions {
  readonly inodes?: InodeNumbers;
  /** The error code of a directory sync. */
  readonly directorySync?: string;
  /** What setting the time of a file fails with. */
  readonly setTime?: string;
}

/** The file system, as one over a network may behave. */
export function networkFiles(options: NetworkFilesOptions): FileLayer {
  const { directorySync, inodes, setTime } = options;
  let calls = 0;

  function numbered(status: FileStatus, isByName: boolean): FileStatus {
    if (inodes === undefined) return status;
    const numbers = {
      changing: () => ++calls,
      'one for all': () => 7,
      zero: () => 0,
      'of the name': () => status.ino + (isByName ? 1_000_000 : 0),
    };
    const { dev, mtimeMs, nlink, size } = status;
    const ino = numbers[inodes]();
    const [isDirectory, isFile] = [status.isDirectory(), status.isFile()];
    return { dev, ino, mtimeMs, nlink, size, isDirectory: () => isDirectory, isFile: () => isFile };
  }

  return {
    ...withFile((file) => ({
      stat: async () => numbered(await file.stat(), false),
      utimes: async (accessed, changed) => {
        if (setTime !== undefined) throw systemError(setTime, 'futime');
        await file.utimes(accessed, changed);
      },
    })),
    stat: async (path) => numbered(await nodeFileLayer.stat(path), true),
    lstat: async (path) => numbered(await nodeFileLayer.lstat(path), true),
    async syncDirectory(path) {
      if (directorySync !== undefined) throw systemError(directorySync, 'fsync');
      await nodeFileLayer.syncDirectory(path);
    },
  };
}
