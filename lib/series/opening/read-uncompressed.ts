import { isGzip } from '../../codec/gzip/gzip-header.js';
import { DamageError } from '../../errors/damage-error.js';
import type { ByteRange } from '../../files/byte-range.js';
import { gunzip } from '../../streams/gunzip.js';
import { GZIP_SUFFIX } from '../names/archive-state.js';
import type { ArchiveSource } from './archive-source.js';

const GZIP_MAGIC_BYTES = 2;

/**
 * The uncompressed bytes of an archive, or of a range of its file. A range of a gzip file must
 * begin where a member begins. The caller owns the buffers.
 *
 * @throws DamageError after the last bytes that could be decompressed; StoreError
 */
export async function* readUncompressed(
  source: ArchiveSource,
  range?: ByteRange,
): AsyncGenerator<Buffer> {
  const { path } = source;
  const chunks = source.stream(range);
  try {
    const head = await takeHead(chunks);
    if (head.length === 0) {
      // The first bytes show whether an archive is gzip; for an empty file, only the name can.
      if (path.endsWith(GZIP_SUFFIX)) throw emptyGzip(path);
      return;
    }
    const all = prepend(head, chunks);
    yield* isGzip(head) ? gunzip(all, path, range === undefined ? 'whole' : 'part') : all;
  } finally {
    // If the caller stops at the first chunk, `prepend` has not started on `chunks` and cannot
    // close it.
    await chunks.return(undefined);
  }
}

/**
 * The first chunk. If it is too short to recognise gzip, as a download's may be, joined with the
 * next.
 */
async function takeHead(chunks: AsyncIterator<Buffer>): Promise<Buffer> {
  let head: Buffer = Buffer.alloc(0);
  while (head.length < GZIP_MAGIC_BYTES) {
    const next = await chunks.next();
    if (next.done) break;
    head = head.length === 0 ? next.value : Buffer.concat([head, next.value]);
  }
  return head;
}

async function* prepend(first: Buffer, rest: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  yield first;
  yield* rest;
}

function emptyGzip(path: string): DamageError {
  const [expected, found] = ['a whole gzip member', 'an empty file'];
  return new DamageError({ reason: 'torn', what: 'gzip', offset: 0, expected, found }, path);
}
