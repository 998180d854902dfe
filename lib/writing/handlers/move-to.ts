import { join } from 'node:path';

import { quote } from '../../errors/show.js';
import { type FileLayer, nodeFileLayer } from '../../files/file-layer.js';
import { makeDirectory } from '../../files/make-directory.js';
import { checkText } from '../../format/option-values.js';
import type { ArchiveHandler } from './archive-handler.js';
import { moveFile } from './move-file.js';

/**
 * Creates a handler that moves the archive to another directory, which may be on another device.
 * Creates the directory if it is missing. A taken name gets `-1`, `-2`, … before its extension.
 *
 * @throws RangeError for an empty directory
 */
export function moveTo(directory: string, files: FileLayer = nodeFileLayer): ArchiveHandler {
  checkText('directory', directory);
  if (directory === '' || directory.includes('\0')) {
    throw new RangeError(`directory is ${quote(directory)}, expected a path`);
  }
  return {
    name: 'moveTo',
    movesFile: true,
    locate: ({ names }) => ({ directory, names }),
    async onSealed({ path, name }) {
      await makeDirectory(files, directory);
      return moveFile(files, path, join(directory, name));
    },
  };
}
