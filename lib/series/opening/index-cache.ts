import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';

import { asError } from '../../errors/as-error.js';
import { createWarnOnce } from '../../errors/warn-once.js';
import type { DirectoryEntry, FileLayer } from '../../files/file-layer.js';
import { isMissing } from '../../files/system-error.js';
import { createUploadId, parseTemporaryName, toTemporaryName } from '../../files/temporary-name.js';
import { unlinkIfThere } from '../../files/unlink-if-there.js';
import { writeAll } from '../../files/write-all.js';

/** The object that cached bytes are of. */
export interface CachedObject {
  /** The store's name and the key. */
  readonly path: string;
  readonly bytes: number;
  readonly etag: string;
}

/** The ends of more bytes than this are not cached: they are requested again. */
export const MOST_ENTRY_BYTES = 2 ** 20;

/** What all entries may take together, by default. */
const MOST_BYTES = 256 * 2 ** 20;

/** After a sweep, this share is left, so that not every new entry needs another one. */
const KEPT_SHARE = 3 / 4;

const SUFFIX = '.index';
const FORMAT = 'shoebox index cache 1';

const warn = createWarnOnce();

/**
 * Keeps the ends of objects, which hold their indexes, in files of a directory, one for each object.
 * An entry is used only for an object with the same path, size and ETag, and if its checksum is
 * good. Old entries are removed when all of them take too much. What goes wrong with the cache costs
 * requests: it is a warning, and no error.
 */
export class IndexCache {
  readonly #directory: string;
  readonly #files: FileLayer;
  readonly #mostBytes: number;
  /** About how much the entries take; undefined until one is put. */
  #bytes: number | undefined;

  constructor(directory: string, files: FileLayer, mostBytes = MOST_BYTES) {
    this.#directory = directory;
    this.#files = files;
    this.#mostBytes = mostBytes;
  }

  /** The last bytes of an object; null if they are not cached. */
  async get(object: CachedObject): Promise<Buffer | null> {
    try {
      return decodeEntry(await this.#read(nameOf(object)), object);
    } catch (error) {
      if (!isMissing(error)) this.#warn(error);
      return null;
    }
  }

  /** Keeps the last bytes of an object, in place of others that were kept for its path. */
  async put(object: CachedObject, end: Buffer): Promise<void> {
    if (end.length > MOST_ENTRY_BYTES) return;
    try {
      if (this.#bytes === undefined) await this.#files.mkdir(this.#directory);
      const entry = encodeEntry(object, end);
      await this.#write(nameOf(object), entry);
      this.#bytes = (this.#bytes ?? (await this.#measure())) + entry.length;
      if (this.#bytes > this.#mostBytes) await this.#sweep();
    } catch (error) {
      this.#warn(error);
    }
  }

  async #read(name: string): Promise<Buffer> {
    const file = await this.#files.open(join(this.#directory, name), 'r');
    try {
      const { size } = await file.stat();
      // Something else has this name.
      if (size > 2 * MOST_ENTRY_BYTES) return Buffer.alloc(0);
      const bytes = Buffer.alloc(size);
      const { bytesRead } = await file.read(bytes, 0, size, 0);
      return bytes.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  }

  /** Not synced: what a power loss leaves of an entry has a wrong checksum. */
  async #write(name: string, entry: Buffer): Promise<void> {
    const temporary = join(this.#directory, toTemporaryName({ name, uploadId: createUploadId() }));
    const file = await this.#files.open(temporary, 'wx');
    try {
      await writeAll(file, entry, 0).finally(() => file.close());
      await this.#files.rename(temporary, join(this.#directory, name));
    } catch (error) {
      await unlinkIfThere(this.#files, temporary).catch(() => undefined);
      throw error;
    }
  }

  async #measure(): Promise<number> {
    return (await this.#list()).reduce((sum, { size }) => sum + size, 0);
  }

  /** Removes the entries that were written longest ago. */
  async #sweep(): Promise<void> {
    const entries = (await this.#list()).sort((a, b) => b.mtimeMs - a.mtimeMs);
    let kept = 0;
    for (const { path, size } of entries) {
      if (kept + size <= KEPT_SHARE * this.#mostBytes) kept += size;
      else await unlinkIfThere(this.#files, path);
    }
    this.#bytes = kept;
  }

  async #list() {
    const found: { readonly path: string; readonly size: number; readonly mtimeMs: number }[] = [];
    for (const { name } of (await this.#files.readdir(this.#directory)).filter(isEntry)) {
      const path = join(this.#directory, name);
      try {
        const { mtimeMs, size } = await this.#files.lstat(path);
        found.push({ path, size, mtimeMs });
      } catch (error) {
        // Another process has removed it.
        if (!isMissing(error)) throw error;
      }
    }
    return found;
  }

  #warn(error: unknown): void {
    const message = `the index cache in ${this.#directory} is not used: ${asError(error).message}`;
    warn('SHOEBOX_INDEX_CACHE', this.#directory, message);
  }
}

/** Entries, and what a killed process left of one. */
function isEntry(entry: DirectoryEntry): boolean {
  const name = parseTemporaryName(entry.name)?.name ?? entry.name;
  return entry.isFile() && /^[0-9a-f]{64}\.index$/.test(name);
}

/** One for each path, so that the entry of a replaced object is replaced as well. */
function nameOf({ path }: CachedObject): string {
  return createHash('sha256').update(path).digest('hex') + SUFFIX;
}

/** A line that says what the bytes are of, with their CRC-32, and the bytes. */
function encodeEntry(object: CachedObject, end: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${headOf(object, end)}\n`), end]);
}

function decodeEntry(entry: Buffer, object: CachedObject): Buffer | null {
  const lineEnd = entry.indexOf('\n');
  const end = entry.subarray(lineEnd + 1);
  const isGood = lineEnd !== -1 && end.length <= object.bytes;
  return isGood && entry.toString('utf8', 0, lineEnd) === headOf(object, end) ? end : null;
}

function headOf({ bytes, etag, path }: CachedObject, end: Buffer): string {
  return JSON.stringify([FORMAT, path, bytes, etag, end.length, crc32(end)]);
}
