import { ArchiveError } from '../errors/archive-error.js';
import { StoreError } from '../errors/store-error.js';
import type { FileLayer } from '../files/file-layer.js';
import type { PutResult, Store } from '../stores/contract/store.js';
import type { ShippableArchive, ShippingEvidence } from '../writing/handlers/archive-shipper.js';
import { askStore } from './ask-store.js';
import { type CompressedArchive, compressArchive } from './compress-archive.js';
import type { JournaledObject } from './journal/journal-entry.js';
import type { ArchiveKeys } from './key-template.js';
import { hashObject, holdsArchive } from './read-back.js';

/** What an archive is shipped with. */
export interface ShipContext {
  readonly store: Store;
  readonly files: FileLayer;
  readonly keys: ArchiveKeys;
  /** Whether nobody else can have the plain key for another archive: its name or its digest is in it. */
  readonly isPlainKeyOwn: boolean;
  /**
   * Awaited before anything is sent under a key, and again when the store has given an upload its id,
   * before the first part of it.
   */
  readonly onSending: (key: string, uploadId: string | null) => Promise<void>;
  readonly signal: AbortSignal;
}

/**
 * Puts an archive into the store, and has it confirmed. Where another archive has its key it goes to its
 * distinct one; where it is there already, it is read back, and nothing is sent.
 *
 * Where the store does not refuse taken keys, two hosts could find one key free at the same moment, and the
 * slower one would replace what the faster one has put. So a key that is not the archive's own is not used.
 *
 * @throws StoreError; what reading the file throws; `ERR_ARCHIVE_CHANGED`, `ERR_KEY_TAKEN`
 */
export async function shipArchive(
  archive: ShippableArchive,
  context: ShipContext,
): Promise<JournaledObject> {
  const { isPlainKeyOwn, keys, signal, store } = context;
  const refuses = await askStore(async () => (await store.refusesTaken?.()) ?? false, signal);
  const candidates = refuses || isPlainKeyOwn ? [keys.plain, keys.distinct] : [keys.distinct];
  let takenKey: string | null = null;
  for (const key of candidates) {
    const object = await shipTo(key, archive, context, refuses ? 'refuse' : 'replace');
    if (object !== null) return { store: store.name, key, ...object, takenKey };
    takenKey = key;
  }
  const problem = `${store.name} has other archives under ${candidates.join(' and ')}`;
  throw new ArchiveError('ERR_KEY_TAKEN', `cannot ship ${archive.path}: ${problem}`);
}

type WhenTaken = 'replace' | 'refuse';

/** What the store has of an archive. */
interface ConfirmedObject {
  readonly storedBytes: number;
  readonly evidence: ShippingEvidence;
}

/** @returns null where another archive has the key */
async function shipTo(
  key: string,
  archive: ShippableArchive,
  context: ShipContext,
  whenTaken: WhenTaken,
): Promise<ConfirmedObject | null> {
  const { signal, store } = context;
  const find = () => askStore(() => store.head(key), signal);
  let found = await find();
  if (found === null) {
    try {
      return await send(key, archive, context, whenTaken);
    } catch (error) {
      if (!isTaken(error)) throw error;
      // Somebody was faster: it may be this archive all the same.
      found = await find();
      if (found === null) throw error;
    }
  }
  if (!(await holdsArchive(found, archive, context))) return null;
  await askStore(async () => store.persist?.(key), signal);
  return { storedBytes: found.bytes, evidence: 'read-back' };
}

async function send(
  key: string,
  archive: ShippableArchive,
  context: ShipContext,
  whenTaken: WhenTaken,
): Promise<ConfirmedObject> {
  const { files, onSending, signal, store } = context;
  const compressed = await compressArchive(archive, files);
  const { body } = compressed;
  try {
    await onSending(key, null);
    const put = await store.put(key, body, {
      contentType: 'application/gzip',
      metadata: { sha256: archive.sha256, bytes: String(archive.bytes) },
      onUploadCreated: (uploadId) => onSending(key, uploadId),
      whenTaken,
      signal,
    });
    return await confirm(put, compressed, context);
  } finally {
    body.destroy();
  }
}

/** What the store says that it was given is not enough: it may be wrong in the same way twice. */
async function confirm(
  { bytes, evidence, key }: PutResult,
  compressed: CompressedArchive,
  context: ShipContext,
): Promise<ConfirmedObject> {
  if (!compressed.body.readableEnded) {
    throw unconfirmed(key, `sent no more than ${compressed.bytes} bytes`, context);
  }
  if (bytes !== compressed.bytes) {
    throw unconfirmed(key, `sent ${compressed.bytes} bytes, but the store has ${bytes}`, context);
  }
  // A store of one's own may say nothing at all.
  if (evidence !== null && evidence !== undefined) return { storedBytes: bytes, evidence };
  const [sent, stored] = [compressed.sha256(), await hashObject(key, context)];
  if (stored === sent) return { storedBytes: bytes, evidence: 'read-back' };
  throw unconfirmed(key, `sent bytes with SHA-256 ${sent}, read back ${stored}`, context);
}

function unconfirmed(key: string, problem: string, { store }: ShipContext): StoreError {
  const target = `${store.name}/${key}`;
  return new StoreError({ operation: 'confirm', target, problem, transient: true });
}

function isTaken(error: unknown): boolean {
  return error instanceof StoreError && error.storeCode === 'PreconditionFailed';
}
