import { crc32 } from 'node:zlib';

import type { ShippableArchive, ShippingEvidence } from '../../writing/handlers/archive-shipper.js';
import { JournalFields } from './journal-fields.js';

/** Facts about an archive that a restart would otherwise have to read the archive for. */
export interface JournaledArchive
  extends Pick<
    ShippableArchive,
    'bytes' | 'sha256' | 'records' | 'firstTime' | 'lastTime' | 'openedAt'
  > {
  /** With `mtimeMs`, identifies the file: another file under the name is another archive. */
  readonly ino: number;
  readonly mtimeMs: number;
}

/** The object that holds an archive. */
export interface JournaledObject {
  readonly store: string;
  readonly key: string;
  readonly storedBytes: number;
  readonly evidence: ShippingEvidence;
  /** The key that another archive has, so that this one got `key`; null if there was none. */
  readonly takenKey: string | null;
  /** Not read from a journal, whose word is not enough. */
  readonly storedSha256?: string | undefined;
}

/** An upload that may have begun. */
export interface JournaledUpload {
  readonly store: string;
  readonly key: string;
  /** Null before the store has given an id, and for an object that is sent in one piece. */
  readonly uploadId: string | null;
}

/**
 * How far the shipping of an archive has come. The names of the states are on disk and may never
 * change.
 *
 * - `sealed`: nothing was sent
 * - `uploading`: something may be in the store
 * - `verified`: the store has confirmed the archive, and the local file may be settled
 * - `settled`: shipping has ended, and the local file is kept
 */
export type JournalEntry =
  | { readonly state: 'sealed'; readonly archive: JournaledArchive }
  | {
      readonly state: 'uploading';
      readonly archive: JournaledArchive;
      readonly upload: JournaledUpload;
    }
  | {
      readonly state: 'verified' | 'settled';
      readonly archive: JournaledArchive;
      readonly object: JournaledObject;
    };

const JOURNAL_VERSION = 1;

/** The CRC-32 of the JSON text, a space, the text, and a line feed. */
const JOURNAL_LINE = /^([0-9a-f]{8}) (\{.*\})\n$/;

/** Encodes an entry as one line of text. */
export function encodeJournal(entry: JournalEntry): Buffer {
  const text = JSON.stringify({ version: JOURNAL_VERSION, ...entry });
  return Buffer.from(`${checksumOf(text)} ${text}\n`);
}

/** Decodes the bytes of a journal; null if they are damaged or of an unknown version. */
export function decodeJournal(bytes: Buffer): JournalEntry | null {
  const [, checksum, text = ''] = JOURNAL_LINE.exec(bytes.toString()) ?? [];
  if (checksum === undefined || checksum !== checksumOf(text)) return null;
  const fields = JournalFields.parse(text);
  if (fields.number('version') !== JOURNAL_VERSION) return null;
  const entry = readEntry(fields);
  return fields.areSound ? entry : null;
}

function readEntry(fields: JournalFields): JournalEntry | null {
  const archive = readArchive(fields.inner('archive'));
  const state = fields.text('state');
  switch (state) {
    case 'sealed':
      return { state, archive };
    case 'uploading':
      return { state, archive, upload: readUpload(fields.inner('upload')) };
    case 'verified':
    case 'settled':
      return { state, archive, object: readObject(fields.inner('object')) };
    default:
      return null;
  }
}

function readArchive(fields: JournalFields): JournaledArchive {
  return {
    bytes: fields.count('bytes'),
    sha256: fields.digest('sha256'),
    records: fields.count('records'),
    firstTime: fields.dateOrNull('firstTime'),
    lastTime: fields.dateOrNull('lastTime'),
    openedAt: fields.number('openedAt'),
    ino: fields.number('ino'),
    mtimeMs: fields.number('mtimeMs'),
  };
}

function readUpload(fields: JournalFields): JournaledUpload {
  return {
    store: fields.text('store'),
    key: fields.text('key'),
    uploadId: fields.textOrNull('uploadId'),
  };
}

function readObject(fields: JournalFields): JournaledObject {
  return {
    store: fields.text('store'),
    key: fields.text('key'),
    storedBytes: fields.count('storedBytes'),
    evidence: fields.oneOf('evidence', EVIDENCE),
    takenKey: fields.textOrNull('takenKey'),
  };
}

const EVIDENCE: readonly ShippingEvidence[] = ['part-digests', 'checksum', 'etag', 'read-back'];

function checksumOf(text: string): string {
  return crc32(text).toString(16).padStart(8, '0');
}
