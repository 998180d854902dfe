import { dirname } from 'node:path';

import { type FileLayer, nodeFileLayer } from '../../files/file-layer.js';
import { syncDirectory } from '../../files/sync-directory.js';
import { isMissing } from '../../files/system-error.js';
import type { ArchiveHandler } from './archive-handler.js';

/** Creates a handler that deletes the archive, for series that earlier handlers have consumed. */
export function deleteFile(files: FileLayer = nodeFileLayer): ArchiveHandler {
  return {
    name: 'deleteFile',
    movesFile: true,
    async onSealed({ path }) {
      try {
        await files.unlink(path);
      } catch (error) {
        if (!isMissing(error)) throw error;
      }
      await syncDirectory(files, dirname(path));
      return null;
    },
  };
}
