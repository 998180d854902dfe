import { basename, dirname, join } from 'node:path';
import { crc32 } from 'node:zlib';

import { StoreError } from '../../errors/store-error.js';
import { ChunkPool } from '../../files/chunk-pool.js';
import type { FileLayer, FileStatus } from '../../files/file-layer.js';
import { makeDirectory } from '../../files/make-directory.js';
import { readChunks } from '../../files/read-chunks.js';
import { syncDirectory } from '../../files/sync-directory.js';
import { fromSystemError, systemCodeOf } from '../../files/system-error.js';
import { createUploadId, toTemporaryName } from '../../files/temporary-name.js';
import { writeAll } from '../../files/write-all.js';
import type { PutBody } from '../contract/put-body.js';
import type { PutOptions } from '../contract/store.js';

/** Callers may pass `whenTaken: 'refuse'` only where the file system has hard links. */
export type WriteObjectOptions = Pick<PutOptions, 'onUploadCreated' | 'whenTaken'>;

/**
 * Writes a temporary file in the object's directory, syncs it, reads it back, compares it, and then
 * gives it the object's name. Removes the file when any of that fails.
 *
 * @throws StoreError, or Node's error of a system call
 */
export async function writeObject(
  files: FileLayer,
  path: string,
  source: PutBody,
  { onUploadCreated, whenTaken = 'replace' }: WriteObjectOptions,
): Promise<FileStatus> {
  const directory = dirname(path);
  await makeDirectory(files, directory);
  const uploadId = createUploadId();
  const temporary = join(directory, toTemporaryName({ name: basename(path), uploadId }));
  try {
    const onCreated = async () => onUploadCreated?.(uploadId);
    await fill(files, temporary, path, source, onCreated);
    source.failed.throwIfAborted();
    compare(path, source, await readFileChecksum(files, temporary));
    const status = await files.lstat(temporary);
    if (whenTaken === 'replace') await files.rename(temporary, path);
    else await takeFree(files, temporary, path);
    await syncDirectory(files, directory);
    return status;
  } catch (error) {
    // The first failure is the one to report, whether or not the file can be removed.
    await files.unlink(temporary).catch(() => undefined);
    throw error;
  }
}

async function fill(
  files: FileLayer,
  temporary: string,
  path: string,
  source: PutBody,
  onCreated: () => Promise<void>,
): Promise<void> {
  const file = await files.open(temporary, 'wx');
  try {
    await onCreated();
    let position = 0;
    for await (const bytes of source) {
      await writeAll(file, bytes, position);
      position += bytes.length;
    }
    await file.sync();
  } catch (error) {
    // Before closing, whose own error would otherwise be reported instead.
    source.fail(fromSystemError(error, 'put', path));
    throw error;
  } finally {
    await file.close();
  }
}

/** Enough to distinguish one content from another. */
interface ContentChecksum {
  readonly bytes: number;
  readonly crc32: number;
}

/**
 * Memory of chunks that were read back. V8 collects garbage for every few MiB of new memory, and new
 * memory for each archive, however small, would be 256 KiB.
 */
const compared = new ChunkPool();

async function readFileChecksum(files: FileLayer, path: string): Promise<ContentChecksum> {
  let bytes = 0;
  let checksum = 0;
  const file = await files.open(path, 'r');
  try {
    for await (const chunk of readChunks(file, path, undefined, compared)) {
      bytes += chunk.length;
      checksum = crc32(chunk, checksum);
      compared.keep(chunk);
    }
  } finally {
    await file.close();
  }
  return { bytes, crc32: checksum };
}

function compare(path: string, sent: ContentChecksum, kept: ContentChecksum): void {
  if (kept.bytes === sent.bytes && kept.crc32 === sent.crc32) return;
  const problem = `wrote ${describe(sent)}, read ${describe(kept)}`;
  throw new StoreError({ operation: 'put', target: path, problem, transient: true });
}

function describe({ bytes, crc32: checksum }: ContentChecksum): string {
  return `${bytes} bytes of CRC-32 0x${checksum.toString(16).padStart(8, '0')}`;
}

/** Unlike rename(), link() never replaces a file that has just got this name. */
async function takeFree(files: FileLayer, temporary: string, path: string): Promise<void> {
  try {
    await files.link(temporary, path);
  } catch (error) {
    if (systemCodeOf(error) !== 'EEXIST') throw error;
    throw new StoreError({
      operation: 'put',
      target: path,
      problem: 'there is an object already',
      storeCode: 'PreconditionFailed',
      transient: false,
    });
  }
  await files.unlink(temporary);
}
