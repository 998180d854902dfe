import { readFile } from 'node:fs/promises';

import {
  decodeJournal,
  type JournalEntry,
  type JournaledArchive,
  type JournaledObject,
} from '../../lib/shipping/journal/journal-entry.js';

export const JOURNALED_ARCHIVE: JournaledArchive = {
  bytes: 7,
  sha256: 'ab'.repeat(32),
  records: 2,
  firstTime: new Date(1000),
  lastTime: null,
  openedAt: 999,
  ino: 12345,
  mtimeMs: 1700000000000.125,
};

export const JOURNALED_OBJECT: JournaledObject = {
  store: 'memory',
  key: 'a.events.gz',
  storedBytes: 5,
  evidence: 'etag',
  takenKey: null,
};

/** One entry of each state. */
export const ENTRIES: readonly JournalEntry[] = [
  { state: 'sealed', archive: JOURNALED_ARCHIVE },
  {
    state: 'uploading',
    archive: JOURNALED_ARCHIVE,
    upload: { store: 'memory', key: 'ä b.gz', uploadId: null },
  },
  {
    state: 'uploading',
    archive: JOURNALED_ARCHIVE,
    upload: { store: 'memory', key: 'a.gz', uploadId: 'u-1\n"' },
  },
  { state: 'verified', archive: JOURNALED_ARCHIVE, object: JOURNALED_OBJECT },
  {
    state: 'settled',
    archive: JOURNALED_ARCHIVE,
    object: { ...JOURNALED_OBJECT, takenKey: 'a.gz', evidence: 'read-back' },
  },
];

/** The entry in the journal of an archive; null when the journal is damaged. */
export async function journalOf(archive: string): Promise<JournalEntry | null> {
  return decodeJournal(await readFile(`${archive}.journal`));
}
