import { type FileLayer, nodeFileLayer, type OpenFile } from '../../lib/files/file-layer.js';

/** The file system, with some methods of each open file replaced. */
export function withFile(replace: (file: OpenFile) => Partial<OpenFile>): FileLayer {
  return {
    ...nodeFileLayer,
    async open(path, mode, permissions) {
      const file = await nodeFileLayer.open(path, mode, permissions);
      const methods: OpenFile = {
        write: (bytes, offset, length, position) => file.write(bytes, offset, length, position),
        read: (bytes, offset, length, position) => file.read(bytes, offset, length, position),
        datasync: () => file.datasync(),
        sync: () => file.sync(),
        truncate: (length) => file.truncate(length),
        stat: () => file.stat(),
        utimes: (accessed, changed) => file.utimes(accessed, changed),
        close: () => file.close(),
      };
      return { ...methods, ...replace(file) };
    },
  };
}
