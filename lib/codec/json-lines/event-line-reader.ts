import { EventTimes } from './event-times.js';
import type { JsonPath } from './json-path.js';
import { type JsonScanner, ValueKind } from './json-scanner.js';
import type { LineReader } from './line-reader.js';

/** A line of a source as a record. */
export interface JsonLineRecord {
  /** The line without its line feed: a view on the bytes that it came in. */
  readonly payload: Buffer;
  readonly metadata:
    | Readonly<Record<string, string>>
    | ReadonlyArray<readonly [key: string, value: string]>;
  /** The time in the line, in µs since the epoch. Undefined if it has none. */
  readonly timeMicros: number | undefined;
  /** The number of the line, with the option `firstLine`. */
  readonly sequence?: number;
}

/** Where a record's metadata come from. */
export interface MetadataPath {
  readonly name: string;
  readonly path: JsonPath;
}

/** Makes a record of each line: the payload is the line, and some of its values are metadata. */
export class EventLineReader implements LineReader<JsonLineRecord> {
  readonly paths: readonly JsonPath[];
  /** How many records have no time, although `timePath` was given. */
  untimed = 0;
  readonly #names: readonly string[];
  readonly #timeIndex: number;
  readonly #isObject: boolean;
  readonly #times = new EventTimes();

  readonly #isNumbered: boolean;

  /** @param options `isNumbered`: whether records get the numbers of their lines as sequences */
  constructor(
    metadata: readonly MetadataPath[],
    timePath: JsonPath | undefined,
    { isNumbered }: { readonly isNumbered: boolean } = { isNumbered: false },
  ) {
    this.#isNumbered = isNumbered;
    this.#names = metadata.map(({ name }) => name);
    this.#timeIndex = timePath === undefined ? -1 : metadata.length;
    this.paths = [
      ...metadata.map(({ path }) => path),
      ...(timePath === undefined ? [] : [timePath]),
    ];
    this.#isObject = this.#names.every(isPlainKey);
  }

  read(
    scanner: JsonScanner,
    bytes: Buffer,
    start: number,
    end: number,
    line: number,
  ): JsonLineRecord {
    const payload = bytes.subarray(start, end);
    const metadata = this.#isObject ? this.#objectOf(scanner) : this.#pairsOf(scanner);
    const timeMicros = this.#timeIndex === -1 ? undefined : this.#timeOf(scanner, bytes);
    return this.#isNumbered
      ? { payload, metadata, timeMicros, sequence: line }
      : { payload, metadata, timeMicros };
  }

  #objectOf(scanner: JsonScanner): Readonly<Record<string, string>> {
    const metadata: Record<string, string> = {};
    for (let i = 0; i < this.#names.length; i++) {
      const value = scanner.textOf(i);
      if (value !== undefined) metadata[this.#names[i] ?? ''] = value;
    }
    return metadata;
  }

  #pairsOf(scanner: JsonScanner): [key: string, value: string][] {
    return this.#names.flatMap((name, i) => {
      const value = scanner.textOf(i);
      return value === undefined ? [] : [[name, value]];
    });
  }

  #timeOf(scanner: JsonScanner, bytes: Buffer): number | undefined {
    const micros = this.#microsOf(scanner, bytes);
    if (!Number.isNaN(micros)) return micros;
    this.untimed++;
    return undefined;
  }

  #microsOf(scanner: JsonScanner, bytes: Buffer): number {
    const index = this.#timeIndex;
    if (scanner.kindOf(index) === ValueKind.plainString) {
      // Without the quotes.
      return this.#times.microsIn(bytes, scanner.startOf(index) + 1, scanner.endOf(index) - 1);
    }
    const text = scanner.textOf(index);
    return text === undefined ? Number.NaN : this.#times.microsOf(text);
  }
}

/** An object would put `7` first, and take `__proto__` for something else. */
function isPlainKey(name: string): boolean {
  return name !== '__proto__' && !/^\d+$/.test(name);
}
