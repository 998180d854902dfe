import { type ColumnChunk, type ColumnChunkWriter, NO_LEVELS } from './column-chunk.js';
import { DefinitionLevels } from './definition-levels.js';
import { encodeNumbers } from './dictionary-page.js';
import { distinctTexts } from './distinct-texts.js';
import { LENGTH_BYTES, PlainTexts } from './plain-texts.js';
import { textStatistics } from './text-statistics.js';

/** A page ends at this size. It is what a reader decompresses at once. */
const PAGE_BYTES = 2 ** 20;

/** Texts of a column, such as values inside payloads. Some may be missing. */
export class TextColumn {
  readonly #texts = new PlainTexts();
  readonly #levels = new DefinitionLevels();

  /** About how many bytes they have. */
  get bytes(): number {
    return this.#texts.length;
  }

  push(text: string | undefined): void {
    if (text === undefined) {
      this.#levels.pushNull();
      return;
    }
    this.#texts.add(text);
    this.#levels.pushValue();
  }

  /** Pushes the text that `source` has from `from` up to `to`. */
  pushBytes(source: Buffer, from: number, to: number): void {
    this.#texts.addBytes(source, from, to);
    this.#levels.pushValue();
  }

  /** Writes the rows, and forgets them. A dictionary is used if half of them or more repeat. */
  write(chunk: ColumnChunkWriter): ColumnChunk {
    const { bytes, count } = this.#texts;
    const distinct = distinctTexts(bytes, count);
    if (distinct === undefined) {
      this.#writePages(chunk, bytes);
    } else {
      if (distinct.count > 0) chunk.writeDictionary(distinct.bytes, distinct.count);
      const { nulls, rows } = this.#levels;
      chunk.writePage({
        ...{ rows, values: rows, nulls },
        repetitionLevels: NO_LEVELS,
        definitionLevels: this.#levels.pack(),
        ...encodeNumbers(distinct.numbers, distinct.count),
      });
    }
    const statistics = textStatistics(distinct?.bytes ?? bytes, this.#levels.nulls);
    this.#texts.clear();
    this.#levels.clear();
    return chunk.end(statistics);
  }

  #writePages(chunk: ColumnChunkWriter, bytes: Buffer): void {
    const { rows } = this.#levels;
    let row = 0;
    let start = 0;
    while (row < rows) {
      const firstRow = row;
      let end = start;
      let nulls = 0;
      for (; row < rows && end - start < PAGE_BYTES; row++) {
        if (this.#levels.hasValue(row)) end += LENGTH_BYTES + bytes.readUInt32LE(end);
        else nulls++;
      }
      chunk.writePage({
        ...{ rows: row - firstRow, values: row - firstRow, nulls },
        repetitionLevels: NO_LEVELS,
        definitionLevels: this.#levels.pack(firstRow, row),
        ...{ encoding: 'PLAIN', bytes: bytes.subarray(start, end) },
      });
      start = end;
    }
  }
}
