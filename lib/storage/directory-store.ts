import { randomBytes } from 'node:crypto';
import { basename, dirname, join, resolve } from 'node:path';
import type { Readable } from 'node:stream';

import { StoreError } from '../errors/store-error.js';
import { checkByteRange } from './byte-range.js';
import { FileBody } from './file-body.js';
import { type FileLayer, nodeFileLayer, type OpenFile } from './file-layer.js';
import { makeDirectory } from './make-directory.js';
import { checkObjectKey, objectKeyProblem } from './object-key.js';
import { PutBody } from './put-body.js';
import type { ByteRange, PutOptions, Store, StoredObject } from './store.js';
import { fromSystemError, isMissing, systemCodeOf } from './system-error.js';
import { writeAll } from './write-all.js';

/** The seam for the file system. */
export interface DirectoryStoreOptions {
  /** @default the file system */
  readonly files?: FileLayer;
}

/** What an object is called until it is whole: `.NAME.RANDOM.part`. */
const TEMPORARY_NAME = /^\..+\.[0-9a-f]{16}\.part$/;

/**
 * A store of regular files below one directory, which is created by the first `put`. An object is
 * written beside its name, synced and then renamed, so that it is whole or not there, also after a
 * power loss. A crash may leave a `.NAME.RANDOM.part`; it is never listed and may be deleted.
 *
 * A file has no place for a content type and user metadata: they are not kept, and `head` gives none.
 * Symbolic links are no objects.
 */
export class DirectoryStore implements Store {
  readonly name: string;
  readonly #files: FileLayer;

  constructor(directory: string, options: DirectoryStoreOptions = {}) {
    if (directory === '') throw new RangeError('directory of a store is "", expected a path');
    this.name = resolve(directory);
    this.#files = options.files ?? nodeFileLayer;
  }

  async put(key: string, body: Readable, options: PutOptions = {}): Promise<StoredObject> {
    const source = new PutBody(body, options.signal);
    try {
      source.failed.throwIfAborted();
      const path = this.#pathOf(key);
      await attempt('put', path, () => this.#write(path, source));
      return { key, bytes: source.bytes, metadata: {} };
    } catch (error) {
      source.fail(error);
      throw source.failed.reason;
    } finally {
      source.release();
    }
  }

  async head(key: string): Promise<StoredObject | null> {
    const path = this.#pathOf(key);
    const status = await attempt('head', path, () => ifThere(this.#files.lstat(path)));
    return status?.isFile() ? { key, bytes: status.size, metadata: {} } : null;
  }

  async get(key: string, range?: ByteRange): Promise<Readable> {
    if (range !== undefined) checkByteRange(range);
    const path = this.#pathOf(key);
    const file = await attempt('get', path, async () => {
      const status = await ifThere(this.#files.lstat(path));
      return status?.isFile() ? ifThere(this.#files.open(path, 'r')) : undefined;
    });
    if (file === undefined) {
      const problem = 'there is no such object';
      const storeCode = 'NoSuchKey';
      throw new StoreError({
        operation: 'get',
        target: path,
        problem,
        storeCode,
        transient: false,
      });
    }
    return new FileBody(file, path, range);
  }

  list(prefix = ''): AsyncIterable<StoredObject> {
    return this.#walk(this.name, '', prefix);
  }

  async delete(key: string): Promise<void> {
    const path = this.#pathOf(key);
    await attempt('delete', path, async () => {
      const status = await ifThere(this.#files.lstat(path));
      if (!status?.isFile()) return;
      await ifThere(this.#files.unlink(path));
      await this.#files.syncDirectory(dirname(path));
    });
  }

  async close(): Promise<void> {}

  #pathOf(key: string): string {
    checkObjectKey(key);
    if (TEMPORARY_NAME.test(basename(key))) {
      throw new RangeError(`object key ${JSON.stringify(key)} is the name of a temporary file`);
    }
    return join(this.name, key);
  }

  async #write(path: string, source: PutBody): Promise<void> {
    const directory = dirname(path);
    await makeDirectory(this.#files, directory);
    const random = randomBytes(8).toString('hex');
    const temporary = join(directory, `.${basename(path)}.${random}.part`);
    const file = await this.#files.open(temporary, 'wx');
    try {
      await this.#fill(file, path, source);
      source.failed.throwIfAborted();
      await this.#files.rename(temporary, path);
    } catch (error) {
      // Whether or not it can be removed, the first failure is the one to tell.
      await this.#files.unlink(temporary).catch(() => undefined);
      throw error;
    }
    await this.#files.syncDirectory(directory);
  }

  async #fill(file: OpenFile, path: string, source: PutBody): Promise<void> {
    try {
      let position = 0;
      for await (const bytes of source) {
        await writeAll(file, bytes, position);
        position += bytes.length;
      }
      await file.sync();
    } catch (error) {
      // Now, lest an error of closing takes its place.
      source.fail(fromSystemError(error, 'put', path));
      throw error;
    } finally {
      await file.close();
    }
  }

  async *#walk(directory: string, above: string, prefix: string): AsyncGenerator<StoredObject> {
    const entries = await attempt('list', directory, () => this.#entriesOf(directory));
    for (const { name, isDirectory } of entries) {
      const key = above + name;
      if (isDirectory) {
        if (!key.startsWith(prefix) && !prefix.startsWith(key)) continue;
        yield* this.#walk(join(directory, name), key, prefix);
      } else if (key.startsWith(prefix) && objectKeyProblem(key) === undefined) {
        const path = join(directory, name);
        const status = await attempt('list', path, () => ifThere(this.#files.lstat(path)));
        if (status?.isFile()) yield { key, bytes: status.size, metadata: {} };
      }
    }
  }

  /** Directories with a slash behind: so sorted, walking them gives keys in the order of bytes. */
  async #entriesOf(directory: string): Promise<{ name: string; isDirectory: boolean }[]> {
    const entries = await this.#files.readdir(directory).catch((error) => {
      if (systemCodeOf(error) === 'ENOENT') return [];
      throw error;
    });
    return entries
      .filter((entry) => entry.isDirectory() || (entry.isFile() && !isTemporary(entry.name)))
      .map((entry) => ({
        name: entry.isDirectory() ? `${entry.name}/` : entry.name,
        isDirectory: entry.isDirectory(),
      }))
      .sort((a, b) => Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)));
  }
}

function isTemporary(name: string): boolean {
  return TEMPORARY_NAME.test(name);
}

async function ifThere<T>(result: Promise<T>): Promise<T | undefined> {
  try {
    return await result;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

async function attempt<T>(operation: string, path: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw fromSystemError(error, operation, path);
  }
}
