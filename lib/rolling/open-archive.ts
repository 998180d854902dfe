import { ArchiveError } from '../errors/archive-error.js';
import { DamageError } from '../errors/damage-error.js';
import type { FileLayer, OpenFile } from '../storage/file-layer.js';
import { fromSystemError, isMissing } from '../storage/system-error.js';
import { gunzip, isGzip } from '../streams/gunzip.js';
import { GZIP_SUFFIX, mayBeTorn, placesOf } from './archive-state.js';

/** An archive's file, open to be read. */
export interface ArchiveSource {
  readonly file: OpenFile;
  readonly path: string;
  /** Whether it is still written, so that it may end anywhere. */
  readonly isOpen: boolean;
}

/**
 * Opens an archive for reading, whatever state it is in now.
 *
 * @param archive its path without the suffix of its state
 * @throws ArchiveError with the code `ERR_ARCHIVE_GONE` where it is in none
 */
export async function openArchive(archive: string, files: FileLayer): Promise<ArchiveSource> {
  // Twice: it may go from one state to another between two looks.
  for (const path of [...placesOf(archive), ...placesOf(archive)]) {
    try {
      return { file: await files.open(path, 'r'), path, isOpen: mayBeTorn(path) };
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
  }
  const places = placesOf(archive).join(', ');
  throw new ArchiveError('ERR_ARCHIVE_GONE', `archive vanished since it was listed: ${places}`);
}

/** Few enough system calls that they cost nothing, and little beside a block of records. */
const CHUNK_BYTES = 256 * 2 ** 10;

/**
 * The uncompressed bytes of an archive. Buffers are the caller's.
 *
 * @throws DamageError behind the last bytes of gzip that could be decompressed; StoreError
 */
export async function* readUncompressed(source: ArchiveSource): AsyncGenerator<Buffer> {
  const { file, path } = source;
  const chunks = readChunks(file, path);
  const first = await chunks.next();
  if (first.done) {
    // The content tells what an archive is; only where there is none, its name has to.
    if (path.endsWith(GZIP_SUFFIX)) throw emptyGzip(path);
    return;
  }
  const all = prepend(first.value, chunks);
  yield* isGzip(first.value) ? gunzip(all, path) : all;
}

/**
 * The bytes of a file from its start. Buffers are the caller's, and not much larger than what they hold.
 *
 * @param path what errors name
 * @throws StoreError
 */
export async function* readChunks(file: OpenFile, path: string): AsyncGenerator<Buffer> {
  let chunk: Buffer | undefined;
  for (let position = 0; ; ) {
    chunk ??= Buffer.allocUnsafeSlow(CHUNK_BYTES);
    const bytesRead = await readAt(file, path, chunk, position);
    if (bytesRead === 0) return;
    position += bytesRead;
    const bytes = chunk.subarray(0, bytesRead);
    if (2 * bytesRead < CHUNK_BYTES) {
      // A record is a view on its chunk: those of many small archives would hold much for little.
      yield Buffer.from(bytes);
    } else {
      chunk = undefined;
      yield bytes;
    }
  }
}

async function readAt(
  file: OpenFile,
  path: string,
  bytes: Buffer,
  position: number,
): Promise<number> {
  try {
    return (await file.read(bytes, 0, bytes.length, position)).bytesRead;
  } catch (error) {
    throw fromSystemError(error, 'read', path);
  }
}

async function* prepend(first: Buffer, rest: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  yield first;
  yield* rest;
}

function emptyGzip(path: string): DamageError {
  const [expected, found] = ['a whole gzip member', 'an empty file'];
  return new DamageError({ reason: 'torn', what: 'gzip', offset: 0, expected, found }, path);
}
