import { type FileLayer, type FileStatus, nodeFileLayer } from '../../lib/files/file-layer.js';

/** The file system with one file in memory, for specs that read thousands of files. */
export function withMemoryFile(path: string, content: Uint8Array): FileLayer {
  const status: FileStatus = {
    ...{ size: content.length, ino: 1, dev: 1, nlink: 1, mtimeMs: 0 },
    isFile: () => true,
    isDirectory: () => false,
  };
  const refuse = async () => {
    throw new Error(`${path} is read-only`);
  };
  return {
    ...nodeFileLayer,
    async open(name, mode) {
      if (name !== path) return await nodeFileLayer.open(name, mode);
      return {
        async read(bytes, offset, length, position) {
          const part = content.subarray(position, position + length);
          bytes.set(part, offset);
          return { bytesRead: part.length };
        },
        ...{ write: refuse, datasync: refuse, sync: refuse, truncate: refuse, utimes: refuse },
        stat: async () => status,
        close: async () => undefined,
      };
    },
  };
}
