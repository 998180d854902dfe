import type { IndexedMember } from '../../codec/compression/members/member-index.js';
import { DamageError } from '../../errors/damage-error.js';
import type { ByteRange } from '../../files/byte-range.js';
import { decompress } from '../../streams/compression/decompress.js';
import { memberReaderOf } from '../../streams/compression/member-readers.js';
import type { ArchiveEnds } from './archive-tail.js';

/** How much of the end may be decompressed: the largest indexes, and a member before them. */
const MOST_BYTES = 32 * 2 ** 20;

/** The end of a compressed archive of ours, uncompressed. Decompresses only the members that are read. */
export class MemberEnds implements ArchiveEnds {
  readonly #file: ArchiveEnds;
  readonly #members: readonly IndexedMember[];
  readonly #size: number;
  /** The bytes from `#begin` to the end of the archive. */
  #bytes: Buffer = Buffer.alloc(0);
  #begin: number;

  /**
   * @param file the compressed file
   * @param members all of the file
   */
  constructor(file: ArchiveEnds, members: readonly IndexedMember[]) {
    const last = members.at(-1);
    this.#file = file;
    this.#members = members;
    this.#size = last === undefined ? 0 : last.rawOffset + last.rawBytes;
    this.#begin = this.#size;
  }

  async size(): Promise<number> {
    return this.#size;
  }

  /** Returns no bytes if they are damaged, or too far from the end. */
  async read({ start, end }: Required<ByteRange>): Promise<Buffer> {
    if (start < this.#begin && !(await this.#decompressFrom(start))) return Buffer.alloc(0);
    return this.#bytes.subarray(start - this.#begin, end - this.#begin);
  }

  async #decompressFrom(start: number): Promise<boolean> {
    const first = this.#members.findLast(
      ({ beginsWhole, rawOffset }) => beginsWhole && rawOffset <= start,
    );
    if (first === undefined || this.#size - first.rawOffset > MOST_BYTES) return false;
    const next = this.#members.find(({ rawOffset }) => rawOffset >= this.#begin);
    const last = this.#members.at(-1);
    const end = next?.offset ?? (last === undefined ? 0 : last.offset + last.memberBytes);
    const bytes = await this.#decompress({ start: first.offset, end });
    if (bytes?.length !== this.#begin - first.rawOffset) return false;
    this.#bytes = Buffer.concat([bytes, this.#bytes]);
    this.#begin = first.rawOffset;
    return true;
  }

  /** Returns null if the members are damaged: the reader of the archive reports that. */
  async #decompress(range: Required<ByteRange>): Promise<Buffer | null> {
    if (range.end - range.start > MOST_BYTES) return null;
    const compressed = await this.#file.read(range);
    const reader = memberReaderOf(compressed);
    if (reader === null) return null;
    const chunks: Buffer[] = [];
    let bytes = 0;
    try {
      for await (const chunk of decompress(reader, inOnePiece(compressed), undefined, 'part')) {
        chunks.push(chunk);
        bytes += chunk.length;
        // The entries claimed less.
        if (bytes > MOST_BYTES) return null;
      }
      return Buffer.concat(chunks);
    } catch (error) {
      if (error instanceof DamageError) return null;
      throw error;
    }
  }
}

async function* inOnePiece(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}
