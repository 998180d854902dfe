import { createHash } from 'node:crypto';
import { extname } from 'node:path';
import { addAbortSignal, type Readable } from 'node:stream';

import { ArchiveError } from '../errors/archive-error.js';
import { DamageError } from '../errors/damage-error.js';
import { StoreError } from '../errors/store-error.js';
import type { ShippableArchive, ShippedArchive } from '../rolling/archive-shipper.js';
import { GZIP_SUFFIX } from '../rolling/archive-state.js';
import type { FileLayer } from '../storage/file-layer.js';
import type { Store, StoredObject } from '../storage/store.js';
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
    const found = await head(key, context);
    if (found !== null && !(await isSame(archive, found, context))) continue;
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

async function send(archive: ShippableArchive, key: string, context: ShipContext): Promise<number> {
  const { files, signal, store } = context;
  const compressed = await compressArchive(archive, files);
  const { body } = compressed;
  try {
    await store.put(key, body, {
      contentType: 'application/gzip',
      metadata: { sha256: archive.sha256, bytes: String(archive.bytes) },
      signal,
    });
    const found = await head(key, context);
    // What the store says that it was given is not asked: it may be wrong in the same way twice.
    if (body.readableEnded && found?.bytes === compressed.bytes) return found.bytes;
    const taken = `sent ${body.readableEnded ? '' : 'no more than '}${compressed.bytes} bytes`;
    throw new StoreError({
      operation: 'confirm',
      target: `${store.name}/${key}`,
      problem: `${taken}, but the store has ${found === null ? 'nothing' : found.bytes}`,
      transient: true,
    });
  } finally {
    body.destroy();
  }
}

async function isSame(
  archive: ShippableArchive,
  { key, metadata }: StoredObject,
  context: ShipContext,
): Promise<boolean> {
  if (metadata.sha256 !== undefined && metadata.sha256 !== archive.sha256) return false;
  if (metadata.sha256 === archive.sha256 && context.evidence === 'identity') return true;
  const hash = createHash('sha256');
  let bytes = 0;
  try {
    for await (const chunk of gunzip(await get(key, context), key)) {
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

async function head(key: string, { signal, store }: ShipContext): Promise<StoredObject | null> {
  return unlessAborted(() => store.head(key), signal);
}

async function get(key: string, { signal, store }: ShipContext): Promise<Readable> {
  return unlessAborted(async () => {
    const body = await store.get(key);
    // Whoever reads it is told; after an abort nobody does.
    body.on('error', () => {});
    return addAbortSignal(signal, body);
  }, signal);
}

/** What a store answers, unless `signal` aborts first: a dead one may take minutes, or for ever. */
async function unlessAborted<T>(ask: () => Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  let abort = () => {};
  const aborted = new Promise<never>((_resolve, reject) => {
    abort = () => reject(signal.reason);
    signal.addEventListener('abort', abort);
  });
  try {
    return await Promise.race([ask(), aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
