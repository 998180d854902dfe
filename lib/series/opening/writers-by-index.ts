import type { WriterList } from '../../codec/frames/known-writers.js';
import type { ArchiveEnds } from './archive-tail.js';
import { readIndexChain } from './index-chain.js';

/**
 * The writers of the archives in a file, read from their indexes, the last one first. `areAll` is
 * true if the indexes lead back to the start of the file.
 */
export async function writersByIndex(source: ArchiveEnds): Promise<WriterList> {
  const { archives, isWhole } = await readIndexChain(source);
  const starts = archives.map(({ header, index }) => ({
    writer: header.writer,
    sequence: index.entries[0]?.sequence ?? header.sequence,
  }));
  return { starts, areAll: isWhole };
}
