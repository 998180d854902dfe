import { FORMAT_BYTES, MEMBER_FORMATS } from '../../codec/compression/member-formats.js';
import type { MemberFormat } from '../../codec/compression/members/member-format.js';
import { DamageError } from '../../errors/damage-error.js';
import type { ByteRange } from '../../files/byte-range.js';
import {
  type DecompressProgress,
  decompress,
  type HoldingBack,
} from '../../streams/compression/decompress.js';
import { memberReaderOf } from '../../streams/compression/member-readers.js';
import type { ArchiveSource } from './archive-source.js';

/**
 * The uncompressed bytes of an archive, or of a range of its file. A range of a compressed file
 * must begin where a member begins. The caller owns the buffers.
 *
 * @param progress counts from the start of the range
 * @param isUnchecked if given, members of archives without checksums are held back until theirs was
 *   compared
 * @throws DamageError after the last bytes that could be decompressed; StoreError
 */
export async function* readUncompressed(
  source: ArchiveSource,
  range?: ByteRange,
  progress?: DecompressProgress,
  isUnchecked?: HoldingBack['isUnchecked'],
): AsyncGenerator<Buffer> {
  const { path } = source;
  const chunks = source.stream(range);
  try {
    const head = await takeHead(chunks);
    if (head.length === 0) {
      // The first bytes show how an archive is compressed; for an empty file, only the name can.
      const format = MEMBER_FORMATS.find(({ suffix }) => path.endsWith(suffix));
      if (format !== undefined) throw emptyFile(format, path);
      return;
    }
    const all = prepend(head, chunks);
    const reader = memberReaderOf(head);
    const extent = range === undefined ? 'whole' : 'part';
    const begin = range?.start ?? 0;
    const holding = isUnchecked && {
      isUnchecked,
      reopen: (offset: number) => source.stream({ ...range, start: begin + offset }),
    };
    yield* reader === null ? all : decompress(reader, all, path, extent, progress, holding);
  } finally {
    // If the caller stops at the first chunk, `prepend` has not started on `chunks` and cannot
    // close it.
    await chunks.return(undefined);
  }
}

/**
 * The first chunk. If it is too short to recognise a compression, as a download's may be, joined
 * with the next.
 */
async function takeHead(chunks: AsyncIterator<Buffer>): Promise<Buffer> {
  let head: Buffer = Buffer.alloc(0);
  while (head.length < FORMAT_BYTES) {
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

function emptyFile({ memberName, name }: MemberFormat, path: string): DamageError {
  const [expected, found] = [`a whole ${memberName}`, 'an empty file'];
  return new DamageError({ reason: 'torn', what: name, offset: 0, expected, found }, path);
}
