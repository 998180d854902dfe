import { join } from 'node:path';

import type { FileLayer } from '../files/file-layer.js';
import { holdsWriter } from '../series/listing/holds-writer.js';
import { listLocalArchives } from '../series/listing/list-local-archives.js';
import { baseNameOf, isReadableName } from '../series/names/archive-state.js';
import { LocalArchive } from '../series/opening/local-archive.js';

/** Where archives of an earlier run may be. */
export interface OwnArchivePlaces {
  /** The writer's directory, of which every archive is looked at, whatever its name. */
  readonly directory: string;
  /** Globs of the archives that handlers have moved. */
  readonly patterns: readonly string[];
}

/**
 * The path of a local archive that holds records of this writer; undefined if there is none. Reads
 * the head and the indexes of each archive.
 *
 * @param writer 16 hex digits
 */
export async function findOwnArchive(
  { directory, patterns }: OwnArchivePlaces,
  writer: string,
  files: FileLayer,
): Promise<string | undefined> {
  const own = (await files.readdir(directory))
    .filter((entry) => entry.isFile() && isReadableName(entry.name))
    .map(({ name }) => join(directory, baseNameOf(name)));
  const moved = await listLocalArchives(patterns, { files, allowEmpty: true });
  for (const path of new Set([...own, ...moved])) {
    if (await holdsWriter(new LocalArchive(path, files), writer)) return path;
  }
  return undefined;
}
