import { basename, dirname, join, resolve } from 'node:path';
import type { Readable } from 'node:stream';

import { quote } from '../../errors/show.js';
import { StoreError } from '../../errors/store-error.js';
import { type ByteRange, checkByteRange } from '../../files/byte-range.js';
import { FileBody } from '../../files/file-body.js';
import { type FileLayer, type FileStatus, nodeFileLayer } from '../../files/file-layer.js';
import { hasHardLinks } from '../../files/hard-links.js';
import { syncIfReadable } from '../../files/make-directory.js';
import { isSameFile } from '../../files/same-file.js';
import { syncDirectory } from '../../files/sync-directory.js';
import { fromSystemError, isMissing } from '../../files/system-error.js';
import { parseTemporaryName, toTemporaryName } from '../../files/temporary-name.js';
import { unlinkIfThere } from '../../files/unlink-if-there.js';
import { NAME_IS_NOT_UTF8 } from '../../files/unreadable-name.js';
import { type OptionNames, readOptions } from '../../format/option-names.js';
import { checkFiles, checkText } from '../../format/option-values.js';
import { Memo } from '../contract/memo.js';
import { checkObjectKey, objectKeyProblem } from '../contract/object-key.js';
import { withPutBody } from '../contract/put-body.js';
import {
  GET_OPTION_NAMES,
  type GetOptions,
  LIST_OPTION_NAMES,
  PUT_OPTION_NAMES,
  type PutOptions,
  type PutResult,
  type Store,
  type StoredObject,
  type StoreListOptions,
  type UnfinishedUpload,
} from '../contract/store.js';
import { walkDirectory } from './walk-directory.js';
import { writeObject } from './write-object.js';

/** Options of a `DirectoryStore`. */
export interface DirectoryStoreOptions {
  /** The file system. @default Node's */
  readonly files?: FileLayer;
}

/** All options of a directory store. */
export const DIRECTORY_STORE_OPTION_NAMES: OptionNames<DirectoryStoreOptions> = {
  files: checkFiles,
};

/**
 * A store of regular files below one directory, which the first `put` creates. A put writes a
 * temporary file in the object's directory, syncs it, reads it back, compares it, and then renames
 * it. So an object is whole or absent, also after a power loss. A crash may leave a
 * `.NAME.RANDOM.part`, which counts as an unfinished upload.
 *
 * Files hold no content type and no user metadata: the store drops them, and `head` gives none.
 * Symbolic links are not objects.
 */
export class DirectoryStore implements Store {
  readonly name: string;
  readonly #files: FileLayer;
  readonly #refusesTaken: Memo<boolean>;
  /** The directory of the last put. Its name, and those of its parents, survive a power loss. */
  #lastingDirectory: string | undefined;

  constructor(directory: string, given?: DirectoryStoreOptions) {
    const options = readOptions(given, DIRECTORY_STORE_OPTION_NAMES);
    checkText('directory of a store', directory);
    if (directory === '') throw new RangeError('directory of a store is "", expected a path');
    this.name = resolve(directory);
    this.#files = options.files ?? nodeFileLayer;
    this.#refusesTaken = new Memo(() =>
      attempt('put', this.name, () => hasHardLinks(this.#files, this.name)),
    );
  }

  async put(key: string, body: Readable, given?: PutOptions): Promise<PutResult> {
    const options = readOptions(given, PUT_OPTION_NAMES);
    return withPutBody(body, options.signal, async (source) => {
      const path = this.#pathOf(key);
      const refuses = options.whenTaken === 'refuse' && (await this.refusesTaken());
      const whenTaken = refuses ? 'refuse' : 'replace';
      return attempt('put', path, async () => {
        const status = await writeObject(this.#files, path, source, { ...options, whenTaken });
        await this.#persistDirectory(dirname(path));
        return { ...toObject(key, status), evidence: 'checksum' };
      });
    });
  }

  async head(key: string): Promise<StoredObject | null> {
    const path = this.#pathOf(key);
    const status = await attempt('head', path, () => ifThere(this.#files.lstat(path)));
    return status?.isFile() ? toObject(key, status) : null;
  }

  async get(key: string, range?: ByteRange, given?: GetOptions): Promise<Readable> {
    const options = readOptions(given, GET_OPTION_NAMES);
    if (range !== undefined) checkByteRange(range);
    const path = this.#pathOf(key);
    const file = await attempt('get', path, async () => {
      const status = await ifThere(this.#files.lstat(path));
      return status?.isFile() ? ifThere(this.#files.open(path, 'r')) : undefined;
    });
    if (file === undefined) throw refusal('get', path, 'NoSuchKey', 'there is no such object');
    // The status of the open file: by now the name may belong to another one.
    const status = await attempt('get', path, () => file.stat());
    if (options.ifMatch === undefined || options.ifMatch === etagOf(status)) {
      return new FileBody(file, path, range);
    }
    await attempt('get', path, () => file.close());
    throw refusal('get', path, 'PreconditionFailed', `it is no longer ${options.ifMatch}`);
  }

  async *list(prefix = '', given?: StoreListOptions): AsyncGenerator<StoredObject> {
    const { onSkipped, signal } = readOptions(given, LIST_OPTION_NAMES);
    const isObject = (key: string) => {
      if (isTemporary(key)) return false;
      const reason = objectKeyProblem(key);
      if (reason !== undefined) onSkipped?.({ key, reason });
      return reason === undefined;
    };
    const onUnreadable = (key: string) => onSkipped?.({ key, reason: NAME_IS_NOT_UTF8 });
    const walked = walkDirectory(this.#files, this.name, prefix, isObject, onUnreadable);
    for await (const file of walked) {
      signal?.throwIfAborted();
      yield toObject(file.key, file.status);
    }
  }

  async delete(key: string): Promise<void> {
    await this.#remove('delete', this.#pathOf(key));
  }

  async abortUpload(key: string, uploadId: string): Promise<void> {
    const path = this.#pathOf(key);
    const temporary = toTemporaryName({ name: basename(path), uploadId });
    // Any other id is not from this store, and may lead outside its directory.
    if (parseTemporaryName(temporary)?.uploadId !== uploadId) return;
    await this.#remove('abort', join(dirname(path), temporary));
  }

  async *listUploads(prefix = ''): AsyncGenerator<UnfinishedUpload> {
    for await (const file of walkDirectory(this.#files, this.name, '', isTemporary)) {
      const temporary = parseTemporaryName(basename(file.key));
      if (temporary === null) continue;
      const above = file.key.slice(0, file.key.length - basename(file.key).length);
      const key = above + temporary.name;
      if (!key.startsWith(prefix) || objectKeyProblem(key) !== undefined) continue;
      yield { key, uploadId: temporary.uploadId, startedAt: new Date(file.status.mtimeMs) };
    }
  }

  /** True where the file system has hard links. */
  refusesTaken(): Promise<boolean> {
    return this.#refusesTaken.result();
  }

  async persist(key: string): Promise<void> {
    const path = this.#pathOf(key);
    await attempt('persist', path, async () => {
      const file = await this.#files.open(path, 'r');
      await file.sync().finally(() => file.close());
      await syncDirectory(this.#files, dirname(path));
      await this.#persistDirectory(dirname(path));
    });
  }

  /** Whether an object is the very file at `path`, by whatever names. */
  async isFile(key: string, path: string): Promise<boolean> {
    const object = this.#pathOf(key);
    return attempt('head', object, async () => {
      const [one, other] = [
        await ifThere(this.#files.stat(object)),
        await ifThere(this.#files.stat(path)),
      ];
      return one !== undefined && other !== undefined && isSameFile(one, other);
    });
  }

  async close(): Promise<void> {}

  #pathOf(key: string): string {
    checkObjectKey(key);
    if (isTemporary(key)) {
      throw new RangeError(`object key ${quote(key)} is the name of a temporary file`);
    }
    return join(this.name, key);
  }

  /** Syncs the names of directories: the process that created them may have died before it did. */
  async #persistDirectory(directory: string): Promise<void> {
    if (directory === this.#lastingDirectory) return;
    for (let path = directory; path !== this.name; path = dirname(path)) {
      await syncDirectory(this.#files, dirname(path));
    }
    await syncIfReadable(this.#files, dirname(this.name));
    this.#lastingDirectory = directory;
  }

  async #remove(operation: string, path: string): Promise<void> {
    await attempt(operation, path, async () => {
      const status = await ifThere(this.#files.lstat(path));
      if (!status?.isFile()) return;
      await unlinkIfThere(this.#files, path);
      await syncDirectory(this.#files, dirname(path));
    });
  }
}

function isTemporary(key: string): boolean {
  return parseTemporaryName(basename(key)) !== null;
}

function toObject(key: string, status: FileStatus): StoredObject {
  return { key, bytes: status.size, metadata: {}, etag: etagOf(status) };
}

/** No object is written to once it has its name: other content means another file. */
function etagOf({ ino, size, mtimeMs }: FileStatus): string {
  return `"${ino}-${size}-${mtimeMs}"`;
}

function refusal(operation: string, target: string, storeCode: string, problem: string) {
  return new StoreError({ operation, target, problem, storeCode, transient: false });
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
