import { ArchiveError } from '../../errors/archive-error.js';
import { NotAFileError } from '../../errors/not-a-file-error.js';
import type { FileLayer } from '../../files/file-layer.js';
import { isMissing } from '../../files/system-error.js';
import { possiblePathsOf } from '../names/archive-state.js';
import type { ArchiveSource } from './archive-source.js';
import { FileSource } from './file-source.js';

/** The suffix of the archive that was opened last: most archives of a series are in one state. */
export interface LastState {
  suffix: string;
}

/**
 * Opens a local archive for reading, whatever state it is in now.
 *
 * @param archive its path without the suffix of its state
 * @param last tried first: a path where there is nothing costs as much as one where there is
 * @throws ArchiveError with the code `ERR_ARCHIVE_GONE` if there is no file in any state;
 *   NotAFileError if there is only something else
 */
export async function openArchive(
  archive: string,
  files: FileLayer,
  last: LastState = { suffix: '' },
): Promise<ArchiveSource> {
  let notAFile: NotAFileError | undefined;
  // Try every path twice: the archive may change its state between two attempts.
  const paths = [...possiblePathsOf(archive), ...possiblePathsOf(archive)];
  for (const path of last.suffix === '' ? paths : [archive + last.suffix, ...paths]) {
    try {
      // The user's pattern has matched the name, so a link is followed.
      const source = new FileSource(await files.open(path, 'rl'), path);
      // An open archive may have its sealed name, too, which is better.
      if (!source.isOpen) last.suffix = path.slice(archive.length);
      return source;
    } catch (error) {
      // The archive may be there in another state.
      if (error instanceof NotAFileError) notAFile ??= error;
      else if (!isMissing(error)) throw error;
    }
  }
  if (notAFile !== undefined) throw notAFile;
  throw archiveGone(possiblePathsOf(archive));
}

/**
 * The error for an archive that vanished.
 *
 * @param paths all paths or keys that were tried
 */
export function archiveGone(paths: readonly string[]): ArchiveError {
  const message = `archive vanished since it was listed: ${paths.join(', ')}`;
  return new ArchiveError(ARCHIVE_GONE, message);
}

/** Whether `error` is the one that `openArchive` throws for an archive that vanished. */
export function isArchiveGone(error: unknown): boolean {
  return error instanceof ArchiveError && error.code === ARCHIVE_GONE;
}

const ARCHIVE_GONE = 'ERR_ARCHIVE_GONE';
