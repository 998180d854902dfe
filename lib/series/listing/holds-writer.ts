import { ArchiveError } from '../../errors/archive-error.js';
import { StoreError } from '../../errors/store-error.js';
import type { FoundArchive } from '../opening/found-archive.js';
import { writersByIndex } from '../opening/writers-by-index.js';
import { identifyArchive } from './archive-head.js';

/**
 * Whether an archive holds records of a writer: it begins with a block of that writer, or an index
 * at its end says so, as in a file that several archives were joined to. Reads its head and its
 * indexes. False for an archive that has vanished, and for what is no archive.
 *
 * @param writer 16 hex digits
 * @throws StoreError; Node's error
 */
export async function holdsWriter(archive: FoundArchive, writer: string): Promise<boolean> {
  try {
    const { identity } = await identifyArchive(archive);
    if (identity.start?.writer === writer) return true;
    const source = await archive.open();
    try {
      const { starts } = await writersByIndex(source);
      return starts.some((start) => start.writer === writer);
    } finally {
      await source.close();
    }
  } catch (error) {
    if (error instanceof StoreError || !(error instanceof ArchiveError)) throw error;
    return false;
  }
}
