import { ArchiveError } from '../errors/archive-error.js';
import { StoreError } from '../errors/store-error.js';
import { askStore } from '../stores/contract/ask-store.js';
import { headObject } from '../stores/contract/head-object.js';
import type { PutResult, Store, StoredObject } from '../stores/contract/store.js';
import type { ShippableArchive, ShippingEvidence } from '../writing/handlers/archive-shipper.js';
import type { CompressedArchive } from './compress-archive.js';
import type { JournaledObject } from './journal/journal-entry.js';
import { type ArchiveKeys, namesakesOf } from './key-template.js';
import { hashObject, holdsArchive, isFileOf } from './read-back.js';
import type { StoreContext } from './uploads/list-uploads.js';

export interface ShipContext extends StoreContext {
  readonly keys: ArchiveKeys;
  /** The media type of the object. */
  readonly contentType: string;
  /** Opens the bytes of the object, as often as they must be sent. */
  readonly openBody: () => Promise<CompressedArchive>;
  /** Whether no other host can make the plain key for another archive. */
  readonly isPlainKeyOwn: boolean;
  /**
   * Awaited before anything is sent under a key, and again when the store has given an upload its
   * id, before the first part of the upload is sent.
   */
  readonly onSending: (key: string, uploadId: string | null) => Promise<void>;
}

/**
 * Puts an archive into the store and has the store confirm it. An archive that is already there is
 * read back instead of being sent. If another archive has the plain key, this one goes to its
 * distinct key.
 *
 * A store that does not refuse taken keys may let two hosts find a key free at the same moment, and
 * the later put would replace the earlier one. In such a store only keys that no other archive can
 * have are used.
 *
 * @throws StoreError; errors of reading the file; `ERR_ARCHIVE_CHANGED`, `ERR_KEY_TAKEN`
 */
export async function shipArchive(
  archive: ShippableArchive,
  context: ShipContext,
): Promise<JournaledObject> {
  const { isPlainKeyOwn, keys, signal, store } = context;
  // A key that no other archive can have needs no proof, which would cost a few requests.
  const refuses = isPlainKeyOwn || (await refusesTaken(store, signal));
  const candidates = refuses ? [keys.plain, keys.distinct] : [keys.distinct];
  const whenTaken = refuses && store.refusesTaken !== undefined ? 'refuse' : 'replace';
  let takenKey: string | null = null;
  for (const key of candidates) {
    const object = await shipTo(key, archive, context, whenTaken);
    if (object !== null) return { store: store.name, ...object, takenKey };
    takenKey = key;
  }
  const problem = `${store.name} has other archives under ${candidates.join(' and ')}`;
  throw new ArchiveError('ERR_KEY_TAKEN', `cannot ship ${archive.path}: ${problem}`);
}

async function refusesTaken(store: Store, signal: AbortSignal): Promise<boolean> {
  return askStore(async (options) => (await store.refusesTaken?.(options)) ?? false, signal);
}

type WhenTaken = 'replace' | 'refuse';

/** The store's confirmation that it has an archive. */
interface ConfirmedObject {
  readonly key: string;
  readonly storedBytes: number;
  readonly evidence: ShippingEvidence;
  /** That of the bytes that were sent; undefined if nothing was. */
  readonly storedSha256?: string | undefined;
}

/** @returns null if another archive has the key */
async function shipTo(
  key: string,
  archive: ShippableArchive,
  context: ShipContext,
  whenTaken: WhenTaken,
): Promise<ConfirmedObject | null> {
  const { signal, store } = context;
  const find = () => headObject(store, key, signal);
  let found = (await find()) ?? (await findNamesake(key, archive, context));
  if (found === null) {
    try {
      return await send(key, archive, context, whenTaken);
    } catch (error) {
      if (!isTaken(error)) throw error;
      // Another process put an object under the key meanwhile. It may be this very archive.
      found = await find();
      if (found === null) throw error;
    }
  }
  if (!(await holdsArchive(found, archive, context))) return null;
  const { key: foundKey } = found;
  await askStore(async (options) => store.persist?.(foundKey, options), signal);
  return { key: foundKey, storedBytes: found.bytes, evidence: 'read-back' };
}

/**
 * The object of this name under another compression, which an earlier writer used. Readers take
 * objects of one name for one archive, and read one of them.
 */
async function findNamesake(
  key: string,
  { path }: ShippableArchive,
  { isPlainKeyOwn, keys, signal, store }: ShipContext,
): Promise<StoredObject | null> {
  // Only this archive can have the name: at worst it is stored twice, and read once.
  if (isPlainKeyOwn || key === keys.distinct) return null;
  for (const namesake of namesakesOf(key)) {
    const found = await headObject(store, namesake, signal);
    // In the directory itself, the plain file has the name of the key without a suffix.
    if (found !== null && !(await isFileOf(store, namesake, path))) return found;
  }
  return null;
}

async function send(
  key: string,
  archive: ShippableArchive,
  context: ShipContext,
  whenTaken: WhenTaken,
): Promise<ConfirmedObject> {
  const { contentType, onSending, openBody, signal, store } = context;
  const compressed = await openBody();
  const { body } = compressed;
  try {
    await onSending(key, null);
    const put = await store.put(key, body, {
      contentType,
      metadata: { sha256: archive.sha256, bytes: String(archive.bytes) },
      onUploadCreated: (uploadId) => onSending(key, uploadId),
      whenTaken,
      signal,
    });
    return await confirm(key, put, compressed, context);
  } finally {
    body.destroy();
  }
}

/** Compares the store's answer with what was sent; without evidence, reads the object back. */
async function confirm(
  key: string,
  { bytes, evidence }: PutResult,
  compressed: CompressedArchive,
  context: ShipContext,
): Promise<ConfirmedObject> {
  if (!compressed.body.readableEnded) {
    throw unconfirmed(key, `sent no more than ${compressed.bytes} bytes`, context);
  }
  if (bytes !== compressed.bytes) {
    throw unconfirmed(key, `sent ${compressed.bytes} bytes, but the store has ${bytes}`, context);
  }
  // A user's own store, written in JavaScript, may return no evidence at all.
  const sent = compressed.sha256;
  const object = { key, storedBytes: bytes, storedSha256: sent };
  if (evidence !== null && evidence !== undefined) return { ...object, evidence };
  const stored = await hashObject(key, bytes, context);
  if (stored === sent) return { ...object, evidence: 'read-back' };
  throw unconfirmed(key, `sent bytes with SHA-256 ${sent}, read back ${stored}`, context);
}

function unconfirmed(key: string, problem: string, { store }: ShipContext): StoreError {
  const target = `${store.name}/${key}`;
  return new StoreError({ operation: 'confirm', target, problem, transient: true });
}

function isTaken(error: unknown): boolean {
  return error instanceof StoreError && error.storeCode === 'PreconditionFailed';
}
