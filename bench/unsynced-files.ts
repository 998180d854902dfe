import { type FileLayer, nodeFileLayer } from 'shoebox-archive';

const nothing = async () => {};

/**
 * Node's file system without fsync. Sealing syncs with any `sync` option, but the other packages
 * never sync: with this file layer, all do the same work.
 */
export const unsyncedFiles: FileLayer = {
  ...nodeFileLayer,
  async open(path, mode) {
    return Object.assign(await nodeFileLayer.open(path, mode), {
      sync: nothing,
      datasync: nothing,
    });
  },
  syncDirectory: nothing,
};
