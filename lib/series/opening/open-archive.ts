import { ArchiveError } from '../../errors/archive-error.js';
import type { FileLayer } from '../../files/file-layer.js';
import { isMissing } from '../../files/system-error.js';
import { placesOf } from '../names/archive-state.js';
import type { ArchiveSource } from './archive-source.js';
import { FileSource } from './file-source.js';

/**
 * Opens an archive for reading, whatever state it is in now.
 *
 * @param archive its path without the suffix of its state
 * @throws ArchiveError with the code `ERR_ARCHIVE_GONE` where it is in none
 */
export async function openArchive(archive: string, files: FileLayer): Promise<ArchiveSource> {
  // Twice: it may go from one state to another between two looks.
  for (const path of [...placesOf(archive), ...placesOf(archive)]) {
    try {
      return new FileSource(await files.open(path, 'r'), path);
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
  }
  throw archiveGone(placesOf(archive));
}

/** What is thrown for an archive that is in none of these places any more. */
export function archiveGone(places: readonly string[]): ArchiveError {
  const message = `archive vanished since it was listed: ${places.join(', ')}`;
  return new ArchiveError(ARCHIVE_GONE, message);
}

/** Whether `error` is what `openArchive` throws for an archive that vanished. */
export function isArchiveGone(error: unknown): boolean {
  return error instanceof ArchiveError && error.code === ARCHIVE_GONE;
}

const ARCHIVE_GONE = 'ERR_ARCHIVE_GONE';
