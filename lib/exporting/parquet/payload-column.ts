import { isUtf8 } from 'node:buffer';

import { Slab } from '../../codec/bytes/slab.js';
import { type ColumnChunk, type ColumnChunkWriter, NO_LEVELS } from './column-chunk.js';
import { createNumberList } from './number-list.js';
import { LENGTH_BYTES } from './plain-texts.js';

/** A page ends at this size. It is what a reader decompresses at once. */
const PAGE_BYTES = 2 ** 20;

/** Memory above this is given back, because an export may write many files at once. */
const KEPT_BYTES = 4 * 2 ** 20;

interface PayloadPage {
  readonly rows: number;
  readonly end: number;
}

/**
 * The payloads of a row group, laid out as its pages hold them (encoding PLAIN). They are copied,
 * because each payload may be a view that keeps a whole block in memory.
 */
export class PayloadColumn {
  readonly #slab = new Slab(0);
  readonly #pages: PayloadPage[] = [];
  /** The lengths of the payloads of the last page, which is not complete. */
  readonly #lengths = createNumberList();
  readonly #refuse: ((row: number) => Error) | undefined;
  #rows = 0;
  #pageStart = 0;

  /**
   * @param refuse makes the error for the payload of a row, from 0 in its row group, that is not
   *   UTF-8; undefined if payloads may be any bytes
   */
  constructor(refuse: ((row: number) => Error) | undefined) {
    this.#refuse = refuse;
  }

  get bytes(): number {
    return this.#slab.length;
  }

  /**
   * Adds the payload of a row, which `source` has from `from` up to `to`. If it completes a page, all
   * payloads of that page are checked.
   */
  addBytes(source: Buffer, from: number, to: number): void {
    const slab = this.#slab;
    const length = to - from;
    slab.reserve(LENGTH_BYTES + length);
    // Zeros in the place of the length are UTF-8, which its bytes may not be.
    const start = slab.length;
    slab.bytes.writeUInt32LE(0, start);
    source.copy(slab.bytes, start + LENGTH_BYTES, from, to);
    slab.length = start + LENGTH_BYTES + length;
    this.#lengths.push(length);
    if (slab.length - this.#pageStart >= PAGE_BYTES) this.#endPage();
  }

  /** Ends the last page, and checks its payloads. */
  check(): void {
    if (this.#lengths.length > 0) this.#endPage();
  }

  /** Writes the rows, and forgets them. */
  write(chunk: ColumnChunkWriter): ColumnChunk {
    this.check();
    let start = 0;
    for (const { end, rows } of this.#pages) {
      chunk.writePage({
        ...{ rows, values: rows, nulls: 0 },
        ...{ repetitionLevels: NO_LEVELS, definitionLevels: NO_LEVELS },
        ...{ encoding: 'PLAIN', bytes: this.#slab.bytes.subarray(start, end) },
      });
      start = end;
    }
    this.#clear();
    return chunk.end();
  }

  /**
   * Checks the payloads together: a call for each would take half as long as copying it. The zeros
   * between them end what one of them leaves incomplete.
   */
  #endPage(): void {
    const { bytes, length } = this.#slab;
    const refuse = this.#refuse;
    if (refuse !== undefined && !isUtf8(bytes.subarray(this.#pageStart, length))) {
      throw refuse(this.#rows + this.#firstThatIsNoText());
    }
    let at = this.#pageStart;
    for (const count of this.#lengths.view) at = bytes.writeUInt32LE(count, at) + count;
    this.#pages.push({ rows: this.#lengths.length, end: length });
    this.#rows += this.#lengths.length;
    this.#lengths.clear();
    this.#pageStart = length;
  }

  #firstThatIsNoText(): number {
    let at = this.#pageStart;
    return this.#lengths.view.findIndex((count) => {
      const start = at + LENGTH_BYTES;
      at = start + count;
      return !isUtf8(this.#slab.bytes.subarray(start, at));
    });
  }

  #clear(): void {
    this.#slab.length = 0;
    this.#pageStart = 0;
    this.#rows = 0;
    this.#pages.length = 0;
    if (this.#slab.bytes.length > KEPT_BYTES) this.#slab.take();
  }
}
