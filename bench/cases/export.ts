import type { Transform } from 'node:stream';
import { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

import { createArchiveReader, fromJsonLines, toCsv, toParquet } from 'shoebox-archive';

import type { BenchCase } from '../bench-case.js';
import { type Input, loadInput, recordsOf } from '../inputs/input.js';
import { writeUnsynced } from '../write-series.js';
import { readCase } from './read-case.js';

/** Columns that both inputs have values for, or not: looking for them costs the same. */
const COLUMNS = { kind: 'metadata.kind', user: 'payload.user' };

export const exportParquetPlain = exportCase(() => toParquet());
export const exportParquetColumns = exportCase(() => toParquet({ columns: COLUMNS }));
export const exportCsv = exportCase(() =>
  toCsv({ columns: ['time', 'sequence', ...Object.values(COLUMNS)] }),
);

/** Reads payloads as JSON lines, with two members as metadata. */
export const jsonLinesSource = linesCase(async (lines, count) => {
  const parser = fromJsonLines({ metadata: ['event_type', 'kind'], invalid: 'skip' });
  let records = 0;
  parser.on('data', () => records++);
  await pipeline(lines, parser);
  if (records !== count) throw new Error(`read ${records} lines of ${count}`);
});

/** The least that a program does without it: finds line ends, and parses each line. */
export const jsonLinesParsed = linesCase(async (lines, count) => {
  let records = 0;
  let rest = Buffer.alloc(0);
  for (const chunk of lines) {
    const bytes = Buffer.concat([rest, chunk]);
    let start = 0;
    for (let end = bytes.indexOf(10); end !== -1; end = bytes.indexOf(10, start)) {
      const value: unknown = JSON.parse(bytes.toString('utf8', start, end));
      if (value !== null) records++;
      start = end + 1;
    }
    rest = Buffer.from(bytes.subarray(start));
  }
  if (records !== count) throw new Error(`read ${records} lines of ${count}`);
});

/**
 * Converts all records, and drops the bytes. Only the first round counts records: an export does
 * without the work of a listener.
 */
function exportCase(create: () => Transform): BenchCase {
  let records = 0;
  return readCase(writeUnsynced, async (directory, found) => {
    const reader = createArchiveReader(directory);
    if (records === 0) reader.on('data', () => found.records++);
    const sink = new Writable({ write: (_chunk, _encoding, done) => done() });
    await pipeline(reader, create(), sink);
    records = Math.max(records, found.records);
    found.records = records;
  });
}

function linesCase(read: (lines: readonly Buffer[], count: number) => Promise<void>): BenchCase {
  return async ({ input: name, scale }) => {
    const input = await loadInput(name, scale / 4);
    const lines = chunksOf(input);
    return {
      async run() {
        await read(lines, input.count);
        return { records: input.count, bytes: input.bytes };
      },
    };
  };
}

const CHUNK_BYTES = 64 * 2 ** 10;

/** The payloads as lines, in chunks such as a file stream gives. */
function chunksOf(input: Input): Buffer[] {
  const payloads = [...recordsOf(input)].map(({ payload }) => `${payload}\n`);
  const bytes = Buffer.from(payloads.join(''));
  const count = Math.ceil(bytes.length / CHUNK_BYTES);
  return Array.from({ length: count }, (_, i) =>
    bytes.subarray(i * CHUNK_BYTES, (i + 1) * CHUNK_BYTES),
  );
}
