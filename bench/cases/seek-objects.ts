import { join } from 'node:path';

import {
  type ArchiveReader,
  createArchiveReader,
  DirectoryStore,
  type RollingReadOptions,
  type Store,
} from 'shoebox-archive';

import type { BenchCase, CaseSetup } from '../bench-case.js';
import { FIRST_TIME, makeObjects, type ObjectSeries, STEP_MS } from '../object-series.js';
import { peakMemory } from '../peak-memory.js';

/** Selections of about 1 % of the records, and all of them. */
type Query = 'everything' | 'time' | 'cached time' | 'metadata' | 'cached metadata' | 'cursor';

/** The requests of a reader, and the bytes that it gets. */
interface Cost {
  bytes: number;
  requests: number;
}

/** `value` is the number of bytes got, or of requests, or the largest resident set. */
export function seekObjects(query: Query, value: 'bytes' | 'requests' | 'memory'): BenchCase {
  return async (setup) => {
    const series = await makeObjects(setup);
    const { expected, options } = await optionsOf(query, series, setup);
    if (query.startsWith('cached')) await read(series, options, { bytes: 0, requests: 0 });
    return {
      async run() {
        const cost = { bytes: 0, requests: 0 };
        let records = 0;
        const memory = await peakMemory(async () => {
          records = await read(series, options, cost);
        });
        if (records !== expected) throw new Error(`found ${records} records of ${expected}`);
        return { records, bytes: cost.bytes, value: value === 'memory' ? memory : cost[value] };
      },
    };
  };
}

async function optionsOf(query: Query, series: ObjectSeries, { directory }: CaseSetup) {
  const { records } = series;
  const [begin, end] = [Math.ceil(0.42 * records), Math.ceil(0.43 * records)];
  const cache = query.startsWith('cached') ? { indexCache: join(directory, 'cache') } : {};
  const timeOf = (record: number) => FIRST_TIME + record * STEP_MS;
  switch (query) {
    case 'everything':
      return { expected: records, options: {} };
    case 'time':
    case 'cached time': {
      const options = { from: timeOf(begin), to: timeOf(end), ...cache };
      return { expected: end - begin, options };
    }
    case 'metadata':
    case 'cached metadata':
      return { expected: end - begin, options: { where: { session: 'session-42' }, ...cache } };
    case 'cursor': {
      const last = Math.ceil(0.99 * records);
      const before = openReader(series, { from: timeOf(last - 1), limit: 1 });
      for await (const _ of before);
      return { expected: records - last, options: { after: before.cursor } };
    }
  }
}

async function read(
  series: ObjectSeries,
  options: RollingReadOptions,
  cost: Cost,
): Promise<number> {
  let records = 0;
  for await (const batch of openReader(series, options, cost).batches()) records += batch.length;
  return records;
}

function openReader(
  { store }: ObjectSeries,
  options: RollingReadOptions,
  cost: Cost = { bytes: 0, requests: 0 },
): ArchiveReader {
  const counted = countRequests(new DirectoryStore(store), cost);
  return createArchiveReader({ store: counted, pattern: '**' }, options);
}

function countRequests(store: DirectoryStore, cost: Cost): Store {
  const get = store.get.bind(store);
  const head = store.head.bind(store);
  return Object.assign(store, {
    head: (...args: Parameters<Store['head']>) => {
      cost.requests++;
      return head(args[0]);
    },
    get: async (...args: Parameters<Store['get']>) => {
      cost.requests++;
      const body = await get(...args);
      const push = body.push.bind(body);
      return Object.assign(body, {
        push(chunk: Buffer | null) {
          cost.bytes += chunk?.length ?? 0;
          return push(chunk);
        },
      });
    },
  });
}
