import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';

import {
  type ArchiveReader,
  createArchiveReader,
  createArchiveWriter,
  DirectoryStore,
  type FileLayer,
  nodeFileLayer,
  rollNever,
  type ShipOptions,
  type Store,
} from 'shoebox-archive';

import type { BenchCase, CaseSetup, PreparedCase } from '../bench-case.js';
import { emptyDirectory } from '../empty-directory.js';
import { type Input, inputOf, loadInput, recordsOf } from '../inputs/input.js';
import { unsyncedFiles } from '../unsynced-files.js';

/** 1 GiB of the corpus. */
const FULL_RECORDS = 370_000;
const FIRST_TIME = Date.UTC(2025, 0, 1);
/** The time from one record to the next. */
const STEP_MS = 100;

/** `value` is the number of bytes read from the file for the records of 1 % of its time span. */
export const seekFile: BenchCase = async (setup) => {
  const { input, series } = await prepare(setup);
  return seekCase(input, (range, count) =>
    createArchiveReader(series, { ...range, files: countReads(count) }),
  );
};

/** `value` is the size of the whole archive in bytes. */
export const seekWholeFile: BenchCase = async (setup) => {
  const { series } = await prepare(setup);
  return wholeCase(series);
};

/** As `seekFile`, for the shipped archive, with ranged GETs of its store. */
export const seekStore: BenchCase = async (setup) => {
  const { input, store } = await prepareShipped(setup);
  return seekCase(input, (range, count) =>
    createArchiveReader(
      { store: countGets(new DirectoryStore(store), count), pattern: '*' },
      range,
    ),
  );
};

export const seekWholeStore: BenchCase = async (setup) => {
  const { store } = await prepareShipped(setup);
  return wholeCase(store);
};

function seekCase(
  input: Input,
  open: (range: { from: number; to: number }, count: (bytes: number) => void) => ArchiveReader,
): PreparedCase {
  const from = FIRST_TIME + Math.floor(input.count / 2) * STEP_MS;
  const wanted = Math.ceil(input.count / 100);
  return {
    async run() {
      let value = 0;
      let records = 0;
      const reader = open({ from, to: from + wanted * STEP_MS }, (bytes) => {
        value += bytes;
      });
      reader.on('data', () => {
        records++;
      });
      await finished(reader);
      if (records !== wanted) throw new Error(`found ${records} records of ${wanted}`);
      return { records, bytes: input.bytes / 100, value };
    },
  };
}

/** Counts the bytes that exist, without reading them. */
async function wholeCase(directory: string): Promise<PreparedCase> {
  const names = (await readdir(directory)).filter((name) => !name.startsWith('.'));
  const sizes = await Promise.all(
    names.map(async (name) => (await stat(join(directory, name))).size),
  );
  const value = sizes.reduce((sum, size) => sum + size, 0);
  return { run: async () => ({ records: 0, bytes: 0, value }) };
}

async function prepare(setup: CaseSetup): Promise<{ input: Input; series: string }> {
  const series = join(setup.directory, 'series');
  await emptyDirectory(series);
  return { series, input: await write(setup, series) };
}

async function prepareShipped(setup: CaseSetup): Promise<{ input: Input; store: string }> {
  const spool = join(setup.directory, 'spool');
  const store = join(setup.directory, 'store');
  await emptyDirectory(spool);
  await emptyDirectory(store);
  return { store, input: await write(setup, spool, { to: store, endTimeout: '10m' }) };
}

/** Writes one archive with one record for each tenth of a second. */
async function write(
  { input: name, scale }: CaseSetup,
  directory: string,
  ship?: ShipOptions,
): Promise<Input> {
  const { distinct } = await loadInput(name, 0);
  const input = inputOf(name, distinct, Math.ceil(FULL_RECORDS * scale));
  const writer = createArchiveWriter({
    directory,
    roll: rollNever(),
    files: unsyncedFiles,
    sync: 'no',
    ...(ship === undefined ? {} : { ship }),
  });
  let time = FIRST_TIME;
  for (const record of recordsOf(input)) {
    writer.write({ ...record, time });
    time += STEP_MS;
    await writer.ready();
  }
  const done = finished(writer);
  writer.end();
  await done;
  return input;
}

function countReads(count: (bytes: number) => void): FileLayer {
  return {
    ...nodeFileLayer,
    async open(path, mode) {
      const file = await nodeFileLayer.open(path, mode);
      const read = file.read.bind(file);
      return Object.assign(file, {
        read: async (bytes: Uint8Array, offset: number, length: number, position: number) => {
          const result = await read(bytes, offset, length, position);
          count(result.bytesRead);
          return result;
        },
      });
    },
  };
}

function countGets(store: DirectoryStore, count: (bytes: number) => void): Store {
  const get = store.get.bind(store);
  return Object.assign(store, {
    get: async (...args: Parameters<Store['get']>) => {
      const body = await get(...args);
      const push = body.push.bind(body);
      return Object.assign(body, {
        push(chunk: Buffer | null) {
          count(chunk?.length ?? 0);
          return push(chunk);
        },
      });
    },
  });
}
