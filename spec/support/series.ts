import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';

import type { RecordInput } from '../../lib/codec/records/record-input.js';
import type { ArchiveRecord } from '../../lib/index.js';
import { encodeBlocks, NOW_MICROS } from './encode-archive.js';
import { QUICK_PLACE } from './quick-place.js';

/** Directories of specs, which `remove` removes. */
export class TemporaryDirectories {
  readonly #made: string[] = [];

  async make(): Promise<string> {
    const directory = await mkdtemp(join(QUICK_PLACE, 'shoebox-series-'));
    this.#made.push(directory);
    return directory;
  }

  async remove(): Promise<void> {
    for (const directory of this.#made.splice(0)) {
      await rm(directory, { recursive: true, force: true });
    }
  }
}

export interface UnsealedOptions {
  /** A hexadecimal digit; the writer's id repeats it. @default 'a' */
  readonly writer?: string;
  /** The sequence of the first record. @default 0 */
  readonly sequence?: number;
  /** The time of the first record in milliseconds; each next record is 1 ms later. @default 0 */
  readonly time?: number;
  readonly blockBytes?: number;
}

/** An archive of version 2 without an index, with one record for each payload. */
export function encodeUnsealed(payloads: readonly string[], options: UnsealedOptions = {}): Buffer {
  const { writer = 'a', sequence = 0, time = 0, blockBytes = 4096 } = options;
  const records: RecordInput[] = payloads.map((payload, i) => ({
    payload,
    timeMicros: NOW_MICROS + 1000 * (time + i),
  }));
  const writerId = Buffer.from(writer.repeat(16), 'hex');
  return encodeBlocks(records, { writerId, sequence, blockBytes });
}

/** Payloads `NAME-0`, `NAME-1`, … */
export function numbered(name: string, count: number): string[] {
  return Array.from({ length: count }, (_, i) => `${name}-${i}`);
}

export interface Read {
  readonly payloads: readonly string[];
  /** The error of the reader after them, if there was one. */
  readonly error: unknown;
}

/** Reads up to the end or an error. */
export async function readPayloads(reader: AsyncIterable<ArchiveRecord>): Promise<Read> {
  const payloads: string[] = [];
  try {
    for await (const record of reader) payloads.push(record.text());
  } catch (error) {
    return { payloads, error };
  }
  return { payloads, error: undefined };
}
