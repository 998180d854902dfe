import type { FileHandle } from 'node:fs/promises';
import { Readable } from 'node:stream';

import { type Checkpoint, makeCheckpoint, type ReadPosition } from './line-position.js';
import { readRange, TAIL_BYTES } from './read-range.js';

const LINE_FEED = 0x0a;

/** How much is read at once. */
const CHUNK_BYTES = 64 * 2 ** 10;

/** A line whose end has not come is held up to this size; the parser refuses a longer one. */
const LONGEST_LINE_BYTES = 64 * 2 ** 20;

/** The most marks that are kept. One more makes it forget every other mark, but not the last. */
const MOST_MARKS = 4096;

type FileLinesState = 'idle' | 'reading' | 'changed' | 'finished';

/** So many of the last bytes are kept, by which a copy is recognised that was made before them. */
const RECENT_BYTES = 32 * 2 ** 10;

/** Functions that are called amid a read; they must not call back at once. */
export interface FileLinesListener {
  /** The end of the file was reached, and all whole lines were pushed. */
  readonly onEnd: () => void;
  /** The bytes before the position are not those that were read: the file was truncated. */
  readonly onChanged: () => void;
}

/**
 * The whole lines of a file from a position on, which waits at the end of the file for more until
 * `finish`. Each read begins with bytes that were read before: if they differ, another program has
 * truncated the file. A line without its line feed is held back.
 */
export class FileLines extends Readable {
  readonly #listener: FileLinesListener;
  #handle: FileHandle;
  /** The next byte to read. */
  #offset: number;
  /** The bytes before it, up to 1 KiB, and up to 32 KiB. */
  #tail: Buffer;
  #recent: Buffer;
  /** The beginning of a line whose end has not come. */
  #begun: Buffer[] = [];
  #begunBytes = 0;
  #position: Checkpoint;
  /** Where whole lines end, ascending: one entry for each piece that was pushed. */
  #marks: Checkpoint[];
  #isWanted = false;
  #state: FileLinesState = 'idle';
  /** Whether there may be more since the last read. */
  #isPoked = false;

  constructor(handle: FileHandle, from: ReadPosition, listener: FileLinesListener) {
    super();
    this.#handle = handle;
    this.#offset = from.offset;
    this.#tail = from.tail;
    this.#recent = from.tail;
    this.#position = makeCheckpoint(from, from.tail);
    this.#marks = [this.#position];
    this.#listener = listener;
  }

  /** How many bytes were read, those of a line without its end included. */
  get offset(): number {
    return this.#offset;
  }

  /** Where the last whole line ends that was pushed. */
  get position(): Checkpoint {
    return this.#position;
  }

  /** The last mark for which `isBefore` holds, as it does for all marks before that. */
  markBefore(isBefore: (mark: Checkpoint) => boolean): Checkpoint | undefined {
    return this.#marks.findLast(isBefore);
  }

  /** The last bytes that were read, up to 1 KiB. */
  get tail(): Buffer {
    return this.#tail;
  }

  /** The last bytes that were read, up to 32 KiB. */
  get recent(): Buffer {
    return this.#recent;
  }

  /** The file may have more. */
  poke(): void {
    this.#isPoked = true;
    void this.#pump();
  }

  /** Reads on in another file, which has the same bytes up to here. */
  switchTo(handle: FileHandle): void {
    this.#handle = handle;
    if (this.#state === 'changed') this.#state = 'idle';
    this.poke();
  }

  /** Ends after the lines that were pushed. The beginning of a line stays in the file. */
  finish(): void {
    if (this.#state === 'finished') return;
    const isReading = this.#state === 'reading';
    this.#state = 'finished';
    if (!isReading) this.push(null);
  }

  override _read(): void {
    this.#isWanted = true;
    void this.#pump();
  }

  async #pump(): Promise<void> {
    if (this.#state !== 'idle' || !this.#isWanted) return;
    this.#state = 'reading';
    try {
      while (this.#is('reading') && this.#isWanted) if (!(await this.#readOn())) break;
    } catch (error) {
      this.destroy(error instanceof Error ? error : new Error(String(error)));
      return;
    }
    if (this.#is('finished')) this.push(null);
    else if (this.#is('reading')) this.#state = 'idle';
  }

  /** A method, because the state changes while a read is awaited. */
  #is(state: FileLinesState): boolean {
    return this.#state === state;
  }

  /** @returns false at the end of the file, and if it has changed */
  async #readOn(): Promise<boolean> {
    this.#isPoked = false;
    const tail = this.#tail;
    const start = this.#offset - tail.length;
    const bytes = await readRange(this.#handle, start, this.#offset + CHUNK_BYTES);
    if (!this.#is('reading')) return false;
    if (!bytes.subarray(0, tail.length).equals(tail)) {
      this.#state = 'changed';
      this.#listener.onChanged();
      return false;
    }
    if (bytes.length === tail.length) {
      if (!this.#isPoked) this.#listener.onEnd();
      return this.#isPoked;
    }
    this.#offset += bytes.length - tail.length;
    // A copy: a small view would keep the whole piece in memory.
    this.#tail = Buffer.from(bytes.subarray(-TAIL_BYTES));
    const read = bytes.subarray(tail.length).subarray(-RECENT_BYTES);
    const kept = Math.min(this.#recent.length, RECENT_BYTES - read.length);
    this.#recent = Buffer.concat([this.#recent.subarray(this.#recent.length - kept), read]);
    this.#take(bytes, tail.length);
    return true;
  }

  /** @param start where new bytes begin, after those that were read before */
  #take(bytes: Buffer, start: number): void {
    const whole = bytes.lastIndexOf(LINE_FEED) + 1;
    if (whole <= start) {
      this.#begun.push(bytes.subarray(start));
      this.#begunBytes += bytes.length - start;
      if (this.#begunBytes > LONGEST_LINE_BYTES) this.#pushBegun();
      return;
    }
    const pieces = [...this.#begun, bytes.subarray(start, whole)];
    // A copy, for the same reason.
    const rest = Buffer.from(bytes.subarray(whole));
    this.#begun = rest.length === 0 ? [] : [rest];
    this.#begunBytes = rest.length;
    const { line } = this.#position;
    // Only the last piece has line feeds.
    const lines = countLines(bytes.subarray(start, whole));
    const end = { line: line + lines, offset: this.#offset - rest.length };
    this.#mark(makeCheckpoint(end, bytes.subarray(Math.max(0, whole - TAIL_BYTES), whole)));
    for (const piece of pieces) this.#isWanted = this.push(piece);
  }

  /** Lets the parser refuse a line that is too long. */
  #pushBegun(): void {
    for (const piece of this.#begun) this.#isWanted = this.push(piece);
    this.#begun = [];
    this.#begunBytes = 0;
  }

  #mark(position: Checkpoint): void {
    this.#position = position;
    this.#marks.push(position);
    if (this.#marks.length > MOST_MARKS) this.#marks = this.#marks.filter((_, i) => i % 2 === 0);
  }
}

function countLines(bytes: Buffer): number {
  let lines = 0;
  for (let at = bytes.indexOf(LINE_FEED); at !== -1; at = bytes.indexOf(LINE_FEED, at + 1)) lines++;
  return lines;
}
