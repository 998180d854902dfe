/** Follows the archive's name in the name of its journal. Readers ignore such files. */
export const JOURNAL_SUFFIX = '.journal';

/** Follows the journal's name while a new entry is written. */
const TEMPORARY_SUFFIX = /\.[0-9a-f]{8}\.part$/;

/** Precedes the suffix of a damaged journal that was renamed. */
const DAMAGED = /\.damaged-\d+$/;

/** A file that belongs to the journal of the archive called `archive`. */
export interface JournalFile {
  /** `'temporary'`: an entry that is being written, or that a crash cut off. */
  readonly kind: 'journal' | 'temporary';
  readonly archive: string;
}

/** Classifies a file by its name; null if it is neither a journal nor an entry being written. */
export function parseJournalName(name: string): JournalFile | null {
  const journal = name.replace(TEMPORARY_SUFFIX, '');
  if (!journal.endsWith(JOURNAL_SUFFIX)) return null;
  const archive = journal.slice(0, -JOURNAL_SUFFIX.length);
  if (DAMAGED.test(archive)) return null;
  return { kind: journal === name ? 'journal' : 'temporary', archive };
}

/** The name of the file that a new entry is written to before it replaces the journal. */
export function temporaryName(journal: string, random: string): string {
  return `${journal}.${random}.part`;
}
