import { createHash } from 'node:crypto';
import { extname } from 'node:path';

import { ArchiveError } from '../errors/archive-error.js';
import { DamageError } from '../errors/damage-error.js';
import { StoreError } from '../errors/store-error.js';
import type { ShippableArchive, ShippedArchive } from '../rolling/archive-shipper.js';
import { GZIP_SUFFIX } from '../rolling/archive-state.js';
import type { FileLayer } from '../storage/file-layer.js';
import type { Store } from '../storage/store.js';
import { gunzip } from '../streams/gunzip.js';
import { compressArchive } from './compress-archive.js';

export interface ShipContext {
  readonly store: Store;
  readonly files: FileLayer;
  /**
   * What an object under the archive's key must be, to be taken for it: `'content'` reads it back,
   * `'identity'` believes its metadata, which will do where nothing is deleted.
   */
  readonly evidence: 'content' | 'identity';
  readonly signal: AbortSignal;
}

/**
 * Puts an archive into the store as `NAME.gz`, and asks the store what it has then. Where another archive
 * has that key it becomes `NAME-SHA8.gz`; where it is there already, nothing is sent.
 *
 * @throws StoreError; what reading the file throws; `ERR_ARCHIVE_CHANGED`, `ERR_KEY_TAKEN`
 */
export async function shipArchive(
  archive: ShippableArchive,
  context: ShipContext,
): Promise<ShippedArchive> {
  const { store } = context;
  for (const key of keysOf(archive)) {
    const found = await store.head(key);
    if (found !== null && !(await isSame(archive, key, found.metadata, context))) continue;
    const storedBytes = found?.bytes ?? (await send(archive, key, context));
    return { ...archive, store: store.name, key, storedBytes };
  }
  const problem = `${store.name} has other archives under ${keysOf(archive).join(' and ')}`;
  throw new ArchiveError('ERR_KEY_TAKEN', `cannot ship ${archive.path}: ${problem}`);
}

/** As many digits of the digest tell two archives of one name apart. */
const SHA_DIGITS = 8;

function keysOf({ name, sha256 }: ShippableArchive): string[] {
  const extension = extname(name);
  const stem = name.slice(0, name.length - extension.length);
  const other = `${stem}-${sha256.slice(0, SHA_DIGITS)}${extension}`;
  return [name + GZIP_SUFFIX, other + GZIP_SUFFIX];
}

async function send(
  archive: ShippableArchive,
  key: string,
  { files, signal, store }: ShipContext,
): Promise<number> {
  const body = await compressArchive(archive, files);
  const { bytes } = await store.put(key, body, {
    contentType: 'application/gzip',
    metadata: { sha256: archive.sha256, bytes: String(archive.bytes) },
    signal,
  });
  const found = await store.head(key);
  if (found?.bytes === bytes) return bytes;
  throw new StoreError({
    operation: 'confirm',
    target: `${store.name}/${key}`,
    problem: `sent ${bytes} bytes, but the store has ${found === null ? 'nothing' : found.bytes}`,
    transient: true,
  });
}

async function isSame(
  archive: ShippableArchive,
  key: string,
  metadata: Readonly<Record<string, string>>,
  { evidence, store }: ShipContext,
): Promise<boolean> {
  if (metadata.sha256 !== undefined && metadata.sha256 !== archive.sha256) return false;
  if (metadata.sha256 === archive.sha256 && evidence === 'identity') return true;
  const hash = createHash('sha256');
  try {
    for await (const chunk of gunzip(await store.get(key), key)) hash.update(chunk);
  } catch (error) {
    // No gzip, or half of one: whatever it is, it is not this archive.
    if (error instanceof DamageError) return false;
    throw error;
  }
  return hash.digest('hex') === archive.sha256;
}
