import { beginsAsJson } from '../../codec/json-lines/begins-as-json.js';
import { MAGIC, MAGIC_OFFSET, PREAMBLE_BYTES, VERSION_OFFSET } from '../../format/preamble.js';
import { VERSION_1 } from '../../format/version-1.js';
import type { ArchiveSource, FileNumber } from '../../series/opening/archive-source.js';

/** How many of its first bytes an archive without sequences is recognised by. */
export const HEAD_BYTES = 512;

/** How far an archive was read, which `readArchive` keeps up to date. */
export class ArchiveProgress {
  /** The path of the file or object. */
  path = '';
  /** The first bytes, uncompressed: at most `HEAD_BYTES`. Empty until they are read. */
  head: Buffer = Buffer.alloc(0);
  /** The uncompressed offset after the last whole frame or line. */
  offset = 0;
  /** Whether its name says that it is still written. */
  isOpen = false;
  /** Whether the archive may have more bytes later, so that it may end anywhere. */
  mayGrow = false;
  /** The file; undefined in a store, and unless the archive is read again when it has grown. */
  file: FileNumber | undefined;
  /** The size of the file when it was opened, in bytes. Unknown in the same cases. */
  size = 0;

  /** Whether another file was opened than the one that was read. */
  isReplaced = false;
  /** Whether a record without a sequence was read: by its head, the archive is recognised. */
  isMarked = false;

  /** The first byte of the archive, if it was read before. */
  get firstByte(): number | undefined {
    return this.head[0];
  }

  /**
   * Call this when the archive was opened.
   *
   * @param isFollowed whether it is read again when it has grown
   * @returns `replaced` if it was read before and this is another file
   */
  async begin(source: ArchiveSource, isFollowed = false): Promise<'known' | 'replaced'> {
    this.isReplaced = this.offset > 0 && !(await this.#isSame(source));
    if (this.isReplaced) return 'replaced';
    this.path = source.path;
    this.isOpen = source.isOpen;
    this.mayGrow = source.isOpen;
    if (!isFollowed || source.fileNumber === undefined) return 'known';
    this.file = await source.fileNumber();
    this.size = await source.size();
    this.mayGrow ||= hasNoSequences(await source.read({ start: 0, end: PREAMBLE_BYTES }));
    return 'known';
  }

  /** @param firstChunk the archive's first `HEAD_BYTES`, or all that it has, and any more */
  noteHead(firstChunk: Buffer): void {
    this.head = Buffer.from(firstChunk.subarray(0, HEAD_BYTES));
  }

  /** Also compares the first bytes: file systems of networks may give all files one number. */
  async #isSame(source: ArchiveSource): Promise<boolean> {
    const file = await source.fileNumber?.();
    if (file?.dev !== this.file?.dev || file?.ino !== this.file?.ino) return false;
    if ((await source.size()) < this.offset) return false;
    // A torn tail may have been cut off.
    const known = this.head.subarray(0, this.offset);
    return known.equals(await source.read({ start: 0, end: known.length }));
  }
}

/** Whether an archive that begins so has records without sequences, which a program may append. */
function hasNoSequences(preamble: Buffer): boolean {
  if (beginsAsJson(preamble[0])) return true;
  return (
    preamble.length === PREAMBLE_BYTES &&
    preamble.readInt32LE(MAGIC_OFFSET) === MAGIC &&
    preamble.readInt16LE(VERSION_OFFSET) === VERSION_1
  );
}
