import type { RecordInput } from '../records/record-input.js';
import type { JsonPath } from './json-path.js';
import type { JsonScanner } from './json-scanner.js';

/** Makes records of lines that are JSON. */
export interface LineReader<Item extends RecordInput> {
  /** The values that it needs of each line. */
  readonly paths: readonly JsonPath[];

  /**
   * The record of a line.
   *
   * @param scanner has scanned the line; the indexes of its values are those of `paths`
   * @param bytes hold the line from `start` up to `end`; the record is a view on them
   * @param line its number
   * @throws RecordError for a line that is not a record
   */
  read(scanner: JsonScanner, bytes: Buffer, start: number, end: number, line: number): Item;
}
