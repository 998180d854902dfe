import { quote } from '../../errors/show.js';
import { type FileLayer, nodeFileLayer } from '../../files/file-layer.js';
import { checkText } from '../../format/option-values.js';
import { findStateSuffix } from '../../series/names/archive-name.js';
import { escapeGlob } from '../../series/names/glob.js';
import { joinPatterns } from '../../series/names/template.js';
import type { ArchiveHandler } from './archive-handler.js';
import { moveFile } from './move-file.js';

/**
 * Creates a handler that appends an extension to the archive's name: `.done` renames `a.events` to
 * `a.events.done`, or to `a.events-1.done` if that name is taken.
 *
 * @throws RangeError for an extension that is empty, has a slash, or ends with a suffix that
 *   Shoebox uses for a file's state, such as `.open`
 */
export function changeExtension(
  extension: string,
  files: FileLayer = nodeFileLayer,
): ArchiveHandler {
  checkText('extension', extension);
  if (extension === '' || /[/\\\0]/.test(extension)) {
    const shown = quote(extension);
    throw new RangeError(`extension is ${shown}, expected text without slashes, such as ".done"`);
  }
  const suffix = findStateSuffix(extension);
  if (suffix !== undefined) {
    throw new RangeError(
      `extension is ${quote(extension)}, but Shoebox marks a file's state with ${suffix}`,
    );
  }
  return {
    name: 'changeExtension',
    movesFile: true,
    // The star is for the `-1` of a name that was taken.
    locate: ({ directory, names }) => ({
      directory,
      names: joinPatterns([names, '*', escapeGlob(extension)]),
    }),
    onSealed: ({ path }) => moveFile(files, path, `${path}${extension}`),
  };
}
