import { basename, dirname, join } from 'node:path';
import { crc32 } from 'node:zlib';

import { StoreError } from '../../errors/store-error.js';
import { FileBody } from '../../files/file-body.js';
import type { FileLayer, FileStatus } from '../../files/file-layer.js';
import { makeDirectory } from '../../files/make-directory.js';
import { fromSystemError, systemCodeOf } from '../../files/system-error.js';
import { createUploadId, toTemporaryName } from '../../files/temporary-name.js';
import { writeAll } from '../../files/write-all.js';
import type { PutBody } from '../contract/put-body.js';
import type { PutOptions } from '../contract/store.js';

/** How an object gets its name; of `whenTaken: 'refuse'`, only where there are hard links. */
export type WriteObjectOptions = Pick<PutOptions, 'onUploadCreated' | 'whenTaken'>;

/**
 * Writes an object beside its name, syncs it, reads it back and compares, and then gives it its name.
 * Nothing is left of one that fails.
 *
 * @throws StoreError; what a call to the file system throws
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
    await files.syncDirectory(directory);
    return status;
  } catch (error) {
    // Whether or not it can be removed, the first failure is the one to tell.
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
    // Now, lest an error of closing takes its place.
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

async function readFileChecksum(files: FileLayer, path: string): Promise<ContentChecksum> {
  let bytes = 0;
  let checksum = 0;
  for await (const chunk of new FileBody(await files.open(path, 'r'), path)) {
    bytes += chunk.length;
    checksum = crc32(chunk, checksum);
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

/** Unlike rename(), link() never replaces what came there in the meantime. */
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
