import { type ColumnChunk, type ColumnChunkWriter, NO_LEVELS } from './column-chunk.js';
import { DefinitionLevels } from './definition-levels.js';
import { NumberList } from './number-list.js';
import { packDeltas } from './pack-deltas.js';

const LOW = 2 ** 32;
const BYTES = 8;

/**
 * Whole numbers of a column, some of which may be missing. They stay numbers until the footer: a
 * BigInt for each would be an object for the garbage collector.
 */
export class Int64Column {
  readonly #numbers = new NumberList((length) => new Float64Array(length));
  readonly #levels = new DefinitionLevels();

  push(value: number | undefined): void {
    if (value === undefined) {
      this.#levels.pushNull();
    } else {
      this.#levels.pushValue();
      this.#numbers.push(value);
    }
  }

  /** The value of a row, if it has one. */
  at(row: number): number | undefined {
    const index = this.#levels.valueOf(row);
    return index === undefined ? undefined : this.#numbers.view[index];
  }

  /** Writes the rows as one page, and forgets them. */
  write(chunk: ColumnChunkWriter): ColumnChunk {
    const numbers = this.#numbers.view;
    const levels = this.#levels;
    const { nulls, rows } = levels;
    const deltas = numbers.length === 0 ? undefined : packDeltas(numbers);
    chunk.writePage({
      ...{ rows, values: rows, nulls },
      repetitionLevels: NO_LEVELS,
      definitionLevels: levels.pack(),
      encoding: deltas === undefined ? 'PLAIN' : 'DELTA_BINARY_PACKED',
      bytes: deltas ?? toInt64(numbers),
    });
    const bounds = boundsOf(numbers);
    levels.clear();
    this.#numbers.clear();
    return chunk.end({ ...bounds, null_count: BigInt(nulls) });
  }
}

function boundsOf(numbers: Float64Array) {
  let least = numbers[0];
  let most = least;
  if (least === undefined || most === undefined) return {};
  for (const number of numbers) {
    if (number < least) least = number;
    if (number > most) most = number;
  }
  return { min_value: BigInt(least), max_value: BigInt(most) };
}

/** Numbers as the encoding PLAIN has them: eight bytes each, the lowest first. */
function toInt64(numbers: Float64Array): Buffer {
  const bytes = Buffer.allocUnsafe(BYTES * numbers.length);
  let at = 0;
  for (const number of numbers) {
    const high = Math.floor(number / LOW);
    at = bytes.writeUInt32LE(number - high * LOW, at);
    at = bytes.writeInt32LE(high, at);
  }
  return bytes;
}
