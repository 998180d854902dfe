import { type FileLayer, nodeFileLayer } from '../../files/file-layer.js';
import { findStateSuffix } from '../../series/names/archive-name.js';
import type { ArchiveHandler } from './archive-handler.js';
import { moveFile } from './move-file.js';

/**
 * A handler that appends an extension to the archive's name: with `.done` it makes `a.events.done`
 * of `a.events`. Where that name is taken, it is `a.events-1.done`.
 *
 * @throws RangeError for an extension that is empty, has a slash, or tells a file's state, as
 *   `.open` does
 */
export function changeExtension(
  extension: string,
  files: FileLayer = nodeFileLayer,
): ArchiveHandler {
  if (extension === '' || /[/\\\0]/.test(extension)) {
    const shown = JSON.stringify(extension);
    throw new RangeError(`extension is ${shown}, expected text without slashes, such as ".done"`);
  }
  const suffix = findStateSuffix(extension);
  if (suffix !== undefined) {
    throw new RangeError(`extension is "${extension}", but ${suffix} tells a file's state`);
  }
  return {
    name: 'changeExtension',
    movesFile: true,
    onSealed: ({ path }) => moveFile(files, path, `${path}${extension}`),
  };
}
