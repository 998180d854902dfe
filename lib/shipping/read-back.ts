import { createHash } from 'node:crypto';

import { DamageError } from '../errors/damage-error.js';
import { sha256OfChunks } from '../files/sha256.js';
import type { StoredObject } from '../stores/contract/store.js';
import { gunzip } from '../streams/gunzip.js';
import type { ShippableArchive } from '../writing/handlers/archive-shipper.js';
import { fetchObject, type StoreContext } from './ask-store.js';

/** Whether the object is gzip of exactly the archive, by its own bytes, whatever its metadata says. */
export async function holdsArchive(
  { key, metadata }: StoredObject,
  archive: ShippableArchive,
  context: StoreContext,
): Promise<boolean> {
  if (metadata.sha256 !== undefined && metadata.sha256 !== archive.sha256) return false;
  const hash = createHash('sha256');
  let bytes = 0;
  try {
    for await (const chunk of gunzip(await fetchObject(key, context), key)) {
      bytes += chunk.length;
      if (bytes > archive.bytes) return false;
      hash.update(chunk);
    }
  } catch (error) {
    // No gzip, or half of one: whatever it is, it is not this archive.
    if (error instanceof DamageError) return false;
    throw error;
  }
  return hash.digest('hex') === archive.sha256;
}

/** The SHA-256 of an object's bytes as they are stored, in hex. */
export async function hashObject(key: string, context: StoreContext): Promise<string> {
  return (await sha256OfChunks(await fetchObject(key, context))).toString('hex');
}
