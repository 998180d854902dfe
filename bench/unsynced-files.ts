import { type FileLayer, nodeFileLayer } from 'shoebox-archive';

const nothing = async () => {};

/**
 * Node's file system without fsync. Sealing syncs whatever `sync` says, and what is compared does not sync
 * at all: with this, all do the same work.
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
