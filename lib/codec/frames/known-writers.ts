import { FIRST_SKIPPABLE_KIND } from '../../format/version-2.js';
import { RecentMap } from '../bytes/recent-map.js';
import type { FrameHeader } from '../version-2/frame-header.js';

/** More than any concatenated archive has. An archive that claims more must not fill the memory. */
export const MAX_WRITERS = 1024;

/** A writer of an archive, and the sequence of its first record there. */
export interface WriterStart {
  /** 16 hex digits. */
  readonly writer: string;
  readonly sequence: number;
}

/** Writers of an archive that the caller knows before it is read. */
export interface WriterList {
  readonly starts: readonly WriterStart[];
  /** Whether the archive has no other writers. */
  readonly areAll: boolean;
}

/** The writers in an archive's good headers, and the next sequence of each. */
export class KnownWriters {
  /** The sequence after the last record, by writer. */
  readonly #next = new RecentMap<number>(MAX_WRITERS);
  /** Whether a frame was read, or all writers were given. */
  #hasFirst: boolean;
  /** False once a search without any known writer found the first frame. */
  #areCertain = true;

  /** @param list the writers that the caller knows */
  constructor(list: WriterList = { starts: [], areAll: false }) {
    for (const { sequence, writer } of list.starts) this.#next.set(writer, sequence);
    this.#hasFirst = list.areAll;
  }

  /**
   * Notes a good header.
   *
   * @param reached how the reader reached it: a search may find a first frame that is in a payload
   */
  add(header: FrameHeader, reached: 'in turn' | 'by search'): void {
    if (!namesSequence(header)) return;
    if (!this.#hasFirst && reached === 'by search') this.#areCertain = false;
    this.#hasFirst = true;
    const next = header.sequence + header.records;
    this.#next.set(header.writer, Math.max(this.#next.get(header.writer) ?? 0, next));
  }

  /**
   * Whether a frame found by a search may be one of this archive, rather than one in a payload: it
   * names a known writer, and its records follow those already read. While no writer is certain,
   * any frame may be.
   */
  admits(header: FrameHeader): boolean {
    const isAnyone = !this.#hasFirst || !this.#areCertain;
    const next = this.#next.get(header.writer) ?? (isAnyone ? 0 : Number.NaN);
    return header.sequence >= next;
  }
}

/** Whether a header's sequence is valid: skippable kinds may store anything there. */
export function namesSequence(header: FrameHeader): boolean {
  const isKnownKind = header.kind < FIRST_SKIPPABLE_KIND;
  return isKnownKind && Number.isSafeInteger(header.sequence + header.records);
}
