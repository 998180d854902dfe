import { crc32 } from 'node:zlib';

import {
  ANY_VALUES,
  MAX_LISTED_VALUE_BYTES,
  MAX_LISTED_VALUES,
  MIN_FILTER_BYTES,
  NO_VALUES,
} from '../../format/metadata-index.js';
import { VarintReader } from '../bytes/varint-reader.js';
import type { ValueMatch } from '../version-2/value-match.js';
import { mayHold } from './bloom-filter.js';
import { hashValue, type ValueHash } from './value-hash.js';

/** The values of a key in a run of blocks: none, any, the numbers of listed ones, or a filter. */
type SectionRun = 'none' | 'any' | Uint16Array | Buffer;

/** The values of a key in each run of an archive, from a metadata index. */
export class KeySection {
  readonly #listed: readonly Buffer[];
  readonly #runs: readonly SectionRun[];
  /** The number of each listed value, by its bytes as Latin-1; made on first use. */
  #numbers: ReadonlyMap<string, number> | undefined;

  /**
   * Decodes a section. Filters are views of `bytes`.
   *
   * @param runs how many runs the archive has
   * @returns null if the checksum is wrong, or the section is invalid
   */
  static decode(bytes: Buffer, crc: number, runs: number): KeySection | null {
    if (crc32(bytes) !== crc) return null;
    const reader = new VarintReader(bytes);
    const listed = readListed(reader, bytes);
    if (listed === null) return null;
    const decoded: SectionRun[] = [];
    for (let i = 0; i < runs; i++) {
      const run = readRun(reader, bytes, listed.length);
      if (run === null) return null;
      decoded.push(run);
    }
    return reader.position === bytes.length ? new KeySection(listed, decoded) : null;
  }

  private constructor(listed: readonly Buffer[], runs: readonly SectionRun[]) {
    this.#listed = listed;
    this.#runs = runs;
  }

  /** Whether each run may have a wanted value. */
  possibleRuns(wanted: ValueMatch): boolean[] {
    const isListed = this.#listed.map((value) => wanted.matches(value, 0, value.length));
    const hashes = wanted.values?.map(hashOf);
    return this.#runs.map((run) => {
      if (typeof run === 'string') return run === 'any';
      if (run instanceof Uint16Array) return run.some((number) => isListed[number]);
      return hashes === undefined || hashes.some((hash) => mayHold(run, hash));
    });
  }

  /** Whether a run says that it may have a value. */
  admits(run: number, value: Buffer): boolean {
    const values = this.#runs[run];
    if (values === undefined || typeof values === 'string') return values === 'any';
    if (!(values instanceof Uint16Array)) return mayHold(values, hashOf(value));
    this.#numbers ??= new Map(this.#listed.map((one, i) => [one.toString('latin1'), i]));
    return values.includes(this.#numbers.get(value.toString('latin1')) ?? Number.NaN);
  }
}

function hashOf(value: Buffer): ValueHash {
  const hash = { first: 0, second: 0 };
  hashValue(value, 0, value.length, hash);
  return hash;
}

function readListed(reader: VarintReader, bytes: Buffer): Buffer[] | null {
  const count = reader.readUnsigned();
  if (count < 0 || count > MAX_LISTED_VALUES) return null;
  const listed: Buffer[] = [];
  for (let i = 0; i < count; i++) {
    const valueBytes = reader.readUnsigned();
    const begin = reader.position;
    const end = begin + valueBytes;
    if (valueBytes < 0 || valueBytes > MAX_LISTED_VALUE_BYTES || end > bytes.length) return null;
    listed.push(bytes.subarray(begin, end));
    reader.position = end;
  }
  return listed;
}

function readRun(reader: VarintReader, bytes: Buffer, listed: number): SectionRun | null {
  const head = reader.readUnsigned();
  if (head < 0) return null;
  if (head === NO_VALUES) return 'none';
  if (head === ANY_VALUES) return 'any';
  const count = Math.floor(head / 2);
  const begin = reader.position;
  if (head % 2 === 0) return readList(reader, count, listed);
  if (count < MIN_FILTER_BYTES || begin + count > bytes.length) return null;
  reader.position = begin + count;
  return bytes.subarray(begin, begin + count);
}

function readList(reader: VarintReader, count: number, listed: number): Uint16Array | null {
  if (count > listed) return null;
  const numbers = new Uint16Array(count);
  let number = 0;
  for (let i = 0; i < count; i++) {
    const distance = reader.readUnsigned();
    number += distance;
    if (distance < 0 || (i > 0 && distance === 0) || number >= listed) return null;
    numbers[i] = number;
  }
  return numbers;
}
