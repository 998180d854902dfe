import { join } from 'node:path';

import { ArchiveError } from '../errors/archive-error.js';
import type { FileLayer } from '../files/file-layer.js';
import { identifyArchive } from '../series/listing/archive-head.js';
import { baseNameOf, isReadableName } from '../series/names/archive-state.js';
import { LocalArchive } from '../series/opening/local-archive.js';

/**
 * The path of an archive in a directory that begins with a block of this writer; undefined if there
 * is none. Reads the head of each archive.
 *
 * @param writer 16 hex digits
 */
export async function findOwnArchive(
  directory: string,
  writer: string,
  files: FileLayer,
): Promise<string | undefined> {
  for (const entry of await files.readdir(directory)) {
    if (!entry.isFile() || !isReadableName(entry.name)) continue;
    const archive = new LocalArchive(join(directory, baseNameOf(entry.name)), files);
    try {
      const { identity } = await identifyArchive(archive);
      if (identity.start?.writer === writer) return archive.path;
    } catch (error) {
      // It was shipped or recovered just now, or is no archive.
      if (!(error instanceof ArchiveError)) throw error;
    }
  }
  return undefined;
}
