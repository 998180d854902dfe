/** What the name of an archive's journal has behind that of the archive. Readers pass such files by. */
export const JOURNAL_SUFFIX = '.journal';

/** Behind a journal's name while a new entry is written. */
const TEMPORARY_SUFFIX = /\.[0-9a-f]{8}\.part$/;

/** Before the suffix of a journal that was set aside. */
const DAMAGED = /\.damaged-\d+$/;

/** What a file in the directory is to the archive that is called `archive`. */
export interface JournalFile {
  /** `'temporary'`: an entry that was not written to its end. */
  readonly kind: 'journal' | 'temporary';
  readonly archive: string;
}

/** What a file is by its name; null where it has no part in journals, as those that are set aside. */
export function parseJournalName(name: string): JournalFile | null {
  const journal = name.replace(TEMPORARY_SUFFIX, '');
  if (!journal.endsWith(JOURNAL_SUFFIX)) return null;
  const archive = journal.slice(0, -JOURNAL_SUFFIX.length);
  if (DAMAGED.test(archive)) return null;
  return { kind: journal === name ? 'journal' : 'temporary', archive };
}

/** What an entry is called until it is whole. */
export function temporaryName(journal: string, random: string): string {
  return `${journal}.${random}.part`;
}
