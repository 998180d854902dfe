import { DamageError } from '../../errors/damage-error.js';
import type { ByteRange } from '../../files/byte-range.js';
import { gunzip, isGzip } from '../../streams/gunzip.js';
import { GZIP_SUFFIX } from '../names/archive-state.js';
import type { ArchiveSource } from './archive-source.js';

/**
 * The uncompressed bytes of an archive, or of a range of its file, which of gzip must begin where a member
 * does. Buffers are the caller's.
 *
 * @throws DamageError behind the last bytes of gzip that could be decompressed; StoreError
 */
export async function* readUncompressed(
  source: ArchiveSource,
  range?: ByteRange,
): AsyncGenerator<Buffer> {
  const { path } = source;
  const chunks = source.stream(range);
  try {
    const first = await chunks.next();
    if (first.done) {
      // The content tells what an archive is; only where there is none, its name has to.
      if (path.endsWith(GZIP_SUFFIX)) throw emptyGzip(path);
      return;
    }
    const all = prepend(first.value, chunks);
    yield* isGzip(first.value) ? gunzip(all, path, range === undefined ? 'whole' : 'part') : all;
  } finally {
    // Where reading ends at the first chunk, nobody has begun with the others.
    await chunks.return(undefined);
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
