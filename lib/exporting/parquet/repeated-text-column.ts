import { type ColumnChunk, type ColumnChunkWriter, NO_LEVELS } from './column-chunk.js';
import { DefinitionLevels } from './definition-levels.js';
import { Dictionary } from './dictionary.js';
import { encodeNumbers } from './dictionary-page.js';
import { createNumberList } from './number-list.js';
import { textStatistics } from './text-statistics.js';

/** Texts of a column of which few are distinct, such as ids of writers. Some may be missing. */
export class RepeatedTextColumn {
  readonly #dictionary = new Dictionary();
  readonly #numbers = createNumberList();
  readonly #levels = new DefinitionLevels();
  #last: string | undefined;
  #lastNumber = 0;

  /** About how many bytes they have. */
  get bytes(): number {
    return this.#dictionary.length;
  }

  push(text: string | undefined): void {
    if (text === undefined) {
      this.#levels.pushNull();
      return;
    }
    if (text !== this.#last) {
      this.#lastNumber = this.#dictionary.numberOf(text);
      this.#last = text;
    }
    this.#numbers.push(this.#lastNumber);
    this.#levels.pushValue();
  }

  /** The text of a row, if it has one. */
  at(row: number): string | undefined {
    const index = this.#levels.valueOf(row);
    return index === undefined
      ? undefined
      : this.#dictionary.textOf(this.#numbers.view[index] ?? 0);
  }

  /** Writes the rows as one page, and forgets them. */
  write(chunk: ColumnChunkWriter): ColumnChunk {
    const { bytes, count } = this.#dictionary;
    const { nulls, rows } = this.#levels;
    if (count > 0) chunk.writeDictionary(bytes, count);
    chunk.writePage({
      ...{ rows, values: rows, nulls },
      repetitionLevels: NO_LEVELS,
      definitionLevels: this.#levels.pack(),
      ...encodeNumbers(this.#numbers.view, count),
    });
    const written = chunk.end(textStatistics(bytes, nulls));
    this.#clear();
    return written;
  }

  #clear(): void {
    this.#dictionary.clear();
    this.#numbers.clear();
    this.#levels.clear();
    this.#last = undefined;
  }
}
