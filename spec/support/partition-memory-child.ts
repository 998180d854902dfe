// Writes records into many partitions, and reports the memory that it needed. Arguments: the directory,
// the number of partitions, how many records each gets. The partitions take turns: of a day on a clock
// that is moved, each has a part.
import type { Readable } from 'node:stream';

import {
  createPartitionedWriter,
  type PutResult,
  type Store,
  systemClock,
} from '../../lib/index.js';
import { collectGarbage } from './collect-garbage.js';
import type { PartitionMemoryReport } from './partition-memory-report.js';

const DAY = 86_400_000;
const MAX_OPEN = 32;
/** Enough for most of the partitions' buffers to be used. */
const PAYLOAD = Buffer.alloc(1000, 'x');

/** A store that keeps nothing. */
const store: Store = {
  name: 'nothing',
  async put(key: string, body: Readable): Promise<PutResult> {
    let bytes = 0;
    for await (const chunk of body) bytes += chunk.length;
    return { key, bytes, metadata: {}, evidence: 'checksum' };
  },
  head: async () => null,
  get: async () => {
    throw new Error('the store keeps nothing');
  },
  async *list() {},
  delete: async () => {},
  close: async () => {},
};

const [directory = '', partitions = '', each = ''] = process.argv.slice(2);
const count = Number(partitions);
const total = count * Number(each);
let nowMs = Date.UTC(2026, 10, 30);
const writer = createPartitionedWriter({
  directory,
  partition: 'part=[[metadata.part]]',
  maxOpen: MAX_OPEN,
  clock: { now: () => nowMs, setTimer: systemClock.setTimer },
  ship: { to: store },
});

/** Memory is measured after so many records. */
const STEP = Math.min(100, Math.ceil(total / 8));

let mostRssBytes = 0;
const heap: number[] = [];
for (let i = 0; i < total; i++) {
  nowMs += DAY / total;
  const metadata = { part: String(i % count) };
  if (!writer.write({ metadata, payload: PAYLOAD })) {
    await new Promise<void>((resolve) => writer.once('drain', () => resolve()));
  }
  if ((i + 1) % STEP !== 0) continue;
  mostRssBytes = Math.max(mostRssBytes, process.memoryUsage.rss());
  await new Promise((resolve) => setImmediate(resolve));
  if ((i + 1) % Math.ceil(total / 4) >= STEP) continue;
  await writer.flush({ until: 'shipped' });
  collectGarbage();
  heap.push(process.memoryUsage().heapUsed);
}
await writer.close();
const { left, records, sealed } = writer.stats();
const report: PartitionMemoryReport = { mostRssBytes, heap, records, sealed, left };
process.send?.(report);
