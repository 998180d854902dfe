import { FIRST_SKIPPABLE_KIND } from '../../format/version-2.js';
import { RecentMap } from '../bytes/recent-map.js';
import type { FrameHeader } from '../version-2/frame-header.js';

/** More than a concatenated archive has. One that claims more must not fill the memory. */
export const MAX_WRITERS = 1024;

/** A writer of an archive, and the sequence of its first record there. */
export interface WriterStart {
  /** 16 hex digits. */
  readonly writer: string;
  readonly sequence: number;
}

/** Writers of an archive that are known before it is read. */
export interface WriterList {
  readonly starts: readonly WriterStart[];
  /** Whether it has no others. */
  readonly areAll: boolean;
}

/** The writers of an archive, by its good headers, and how far each has come. */
export class KnownWriters {
  /** By writer, the sequence behind the last record. */
  readonly #next = new RecentMap<number>(MAX_WRITERS);
  /** Whether a frame was read, or all writers are known. */
  #hasFirst: boolean;
  /** Whether none was found by a search that had nothing to go by. */
  #areCertain = true;

  /** @param list what is known from elsewhere */
  constructor(list: WriterList = { starts: [], areAll: false }) {
    for (const { sequence, writer } of list.starts) this.#next.set(writer, sequence);
    this.#hasFirst = list.areAll;
  }

  /**
   * Takes note of a good header.
   *
   * @param reached how: a search may have found the first frame of an archive in a payload
   */
  add(header: FrameHeader, reached: 'in turn' | 'behind a search'): void {
    if (!namesSequence(header)) return;
    if (!this.#hasFirst && reached === 'behind a search') this.#areCertain = false;
    this.#hasFirst = true;
    const next = header.sequence + header.records;
    this.#next.set(header.writer, Math.max(this.#next.get(header.writer) ?? 0, next));
  }

  /**
   * Whether a frame that was searched for may be one of this archive, and not one in a payload: its
   * writer is known, and its records come behind those read. Where no writer is certain, any may be.
   */
  admits(header: FrameHeader): boolean {
    const isAnyone = !this.#hasFirst || !this.#areCertain;
    const next = this.#next.get(header.writer) ?? (isAnyone ? 0 : Number.NaN);
    return header.sequence >= next;
  }
}

/** Whether a header's sequence is one: kinds that may be skipped may have anything there. */
export function namesSequence(header: FrameHeader): boolean {
  const isKnownKind = header.kind < FIRST_SKIPPABLE_KIND;
  return isKnownKind && Number.isSafeInteger(header.sequence + header.records);
}
