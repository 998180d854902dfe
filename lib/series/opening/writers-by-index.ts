import type { WriterList, WriterStart } from '../../codec/frames/known-writers.js';
import type { ArchiveSource } from './archive-source.js';
import { type IndexedArchive, readIndexChain } from './index-chain.js';
import { uncompressedEnds } from './uncompressed-ends.js';

/**
 * The writers of the archives in a file, plain or compressed, read from their indexes, the last one first.
 * `areAll` is true if the indexes lead back to the start of the file.
 */
export async function writersByIndex(source: ArchiveSource): Promise<WriterList> {
  const ends = await uncompressedEnds(source);
  if (ends === null) return { starts: [], areAll: false };
  const { archives, isWhole } = await readIndexChain(ends, startOf);
  return { starts: archives, areAll: isWhole };
}

function startOf({ begin, header, index }: IndexedArchive): WriterStart {
  // Unless they ascend, lower sequences may follow.
  const first = index.entries[0]?.sequence ?? header.sequence;
  const sequence = index.order === 'unordered' ? 0 : first;
  return { writer: header.writer, sequence, begin };
}
