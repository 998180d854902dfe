import { FIRST_SKIPPABLE_KIND, KIND_INDEX } from '../../format/version-2.js';
import { RecentMap } from '../bytes/recent-map.js';
import type { FrameHeader } from '../version-2/frame-header.js';

/** More than any concatenated archive has. An archive that claims more must not fill the memory. */
export const MAX_WRITERS = 1024;

/** A writer of an archive, and the sequence of its first record there. */
export interface WriterStart {
  /** 16 hex digits. */
  readonly writer: string;
  readonly sequence: number;
  /** Where the archive begins: an offset in the file, which may hold several. */
  readonly begin: number;
}

/** Writers of an archive that the caller knows before it is read. */
export interface WriterList {
  /** Writers of all archives in a file, in any order. */
  readonly starts: readonly WriterStart[];
  /** Whether the archive has no other writers. */
  readonly areAll: boolean;
}

/** The sequence that comes next after a header. */
interface NextSequence {
  readonly sequence: number;
  /** Where the header begins. */
  readonly offset: number;
}

/** The writers in an archive's good headers, and the next sequence of each. */
export class KnownWriters {
  /** By writer. Not the highest sequence: a forged one would hide all frames that follow. */
  readonly #next = new RecentMap<NextSequence>(MAX_WRITERS);
  /** The given writers, by offset. */
  #starts: readonly WriterStart[] = [];
  /** The number of the archive that `admits` reached: offsets only grow. */
  #reached = 0;
  #given: ReadonlySet<string> = new Set();
  /** Whether a frame was read, or all writers were given. */
  #hasFirst = false;
  /** False once a search without any known writer found the first frame. */
  #areCertain = true;

  /** @param list the writers that the caller knows */
  constructor(list?: WriterList) {
    if (list !== undefined) this.give(list);
  }

  /** Adds the writers that the caller knows. */
  give(list: WriterList): void {
    this.#starts = list.starts.toSorted((a, b) => a.begin - b.begin);
    this.#given = new Set(list.starts.map(({ writer }) => writer));
    this.#hasFirst ||= list.areAll;
  }

  /**
   * Notes a good header.
   *
   * @param offset where it begins
   * @param reached how the reader reached it: a search may find a first frame that is in a payload
   */
  add(header: FrameHeader, offset: number, reached: 'in turn' | 'by search'): void {
    if (!namesSequence(header)) return;
    if (!this.#hasFirst && reached === 'by search') this.#areCertain = false;
    this.#hasFirst = true;
    // An index ends its archive. In the next one the same writer may have lower sequences.
    const sequence = header.kind === KIND_INDEX ? 0 : header.sequence + header.records;
    this.#next.set(header.writer, { sequence, offset });
  }

  /**
   * Whether a frame found by a search may be one of this archive, rather than one in a payload: it
   * names a known writer, and its records follow those already read. While no writer is certain,
   * any frame may be.
   *
   * @param offset where the frame begins: at or after that of the last call
   */
  admits(header: FrameHeader, offset: number): boolean {
    const { sequence, writer } = header;
    const isAnyone = !this.#hasFirst || !this.#areCertain;
    const start = this.#startAt(offset);
    const read = this.#next.get(writer);
    const isKnown = isAnyone || read !== undefined || this.#given.has(writer);
    if (!isKnown || Number.isNaN(sequence)) return false;
    // Headers of the archives before this one say nothing about its sequences.
    const isOfThis = read !== undefined && read.offset >= (start?.begin ?? 0);
    const least = start?.writer === writer ? start.sequence : 0;
    return sequence >= Math.max(least, isOfThis ? read.sequence : 0);
  }

  /** The given archive at `offset`. */
  #startAt(offset: number): WriterStart | undefined {
    let start: WriterStart | undefined;
    for (let i = this.#reached; i < this.#starts.length; i++) {
      const next = this.#starts[i];
      if (next === undefined || next.begin > offset) break;
      this.#reached = i;
      start = next;
    }
    return start;
  }
}

/** Whether a header's sequence is valid: skippable kinds may store anything there. */
export function namesSequence(header: FrameHeader): boolean {
  const isKnownKind = header.kind < FIRST_SKIPPABLE_KIND;
  return isKnownKind && Number.isSafeInteger(header.sequence + header.records);
}
