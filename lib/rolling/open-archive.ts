import { ArchiveError } from '../errors/archive-error.js';
import type { FileLayer, OpenFile } from '../storage/file-layer.js';
import { isMissing } from '../storage/system-error.js';
import { gunzip, isGzip } from '../streams/gunzip.js';
import { OPEN_SUFFIX, placesOf } from './archive-state.js';

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
      return { file: await files.open(path, 'r'), path, isOpen: path.endsWith(OPEN_SUFFIX) };
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
  }
  const places = placesOf(archive).join(', ');
  throw new ArchiveError('ERR_ARCHIVE_GONE', `archive vanished since it was listed: ${places}`);
}

/** Few enough system calls that they cost nothing, and little beside a block of records. */
const CHUNK_BYTES = 256 * 2 ** 10;

/** The uncompressed bytes of an archive. Buffers are the caller's. */
export async function* readUncompressed(source: ArchiveSource): AsyncGenerator<Buffer> {
  const chunks = readChunks(source.file);
  const first = await chunks.next();
  if (first.done) return;
  const all = prepend(first.value, chunks);
  yield* isGzip(first.value) ? gunzip(all, source.path) : all;
}

/** The bytes of a file from its start. Buffers are the caller's. */
export async function* readChunks(file: OpenFile): AsyncGenerator<Buffer> {
  let position = 0;
  while (true) {
    const chunk = Buffer.allocUnsafeSlow(CHUNK_BYTES);
    const { bytesRead } = await file.read(chunk, 0, CHUNK_BYTES, position);
    if (bytesRead === 0) return;
    position += bytesRead;
    yield chunk.subarray(0, bytesRead);
  }
}

async function* prepend(first: Buffer, rest: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  yield first;
  yield* rest;
}
