import { MEMBER_FORMATS } from '../codec/compression/member-formats.js';
import { DamageError } from '../errors/damage-error.js';
import { sha256OfChunks } from '../files/sha256.js';
import { receiveBytes } from '../stores/contract/receive-bytes.js';
import type { Store, StoredObject } from '../stores/contract/store.js';
import { DirectoryStore } from '../stores/directory/directory-store.js';
import { decompress } from '../streams/compression/decompress.js';
import { MEMBER_READERS } from '../streams/compression/member-readers.js';
import type { ShippableArchive } from '../writing/handlers/archive-shipper.js';
import type { StoreContext } from './uploads/list-uploads.js';

/**
 * Whether an object is exactly this archive, compressed as its key says. The object's bytes decide;
 * its metadata can only save reading an object that claims to be another archive.
 */
export async function holdsArchive(
  { bytes, key, metadata }: StoredObject,
  archive: ShippableArchive,
  context: StoreContext,
): Promise<boolean> {
  if (metadata.sha256 !== undefined && metadata.sha256 !== archive.sha256) return false;
  // The file itself is no second copy, whatever leads to it: it would be deleted.
  if (await isFileOf(context.store, key, archive.path)) return false;
  try {
    const chunks = receiveObject(key, bytes, context);
    const format = MEMBER_FORMATS.find(({ suffix }) => key.endsWith(suffix));
    const raw =
      format === undefined ? chunks : decompress(MEMBER_READERS[format.name], chunks, key);
    const sha256 = await sha256OfChunks(atMost(archive.bytes, raw));
    return sha256.toString('hex') === archive.sha256;
  } catch (error) {
    // It is not compressed so, or it is torn; so it is not this archive.
    if (error instanceof DamageError) return false;
    throw error;
  }
}

/** Whether an object is the very file at `path`. */
export async function isFileOf(store: Store, key: string, path: string): Promise<boolean> {
  return store instanceof DirectoryStore && (await store.isFile(key, path));
}

/** The SHA-256 of an object's bytes as stored, in hex. */
export async function hashObject(
  key: string,
  bytes: number,
  context: StoreContext,
): Promise<string> {
  return (await sha256OfChunks(receiveObject(key, bytes, context))).toString('hex');
}

function receiveObject(key: string, bytes: number, { signal, store }: StoreContext) {
  return receiveBytes(store, key, { start: 0, end: bytes }, { signal });
}

/** Stops after more than `bytes`: the object is not the archive, however long it is. */
async function* atMost(bytes: number, chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let given = 0;
  for await (const chunk of chunks) {
    yield chunk;
    given += chunk.length;
    if (given > bytes) return;
  }
}
