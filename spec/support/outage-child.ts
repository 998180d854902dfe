// Ships a hundred archives to a store that goes away after ten of them, and returns when its
// absence has filled the disk's budget. Sends its parent a report. Arguments: the directory, the
// store.
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

import {
  type Clock,
  createArchiveWriter,
  DirectoryStore,
  rollByCount,
  type Store,
  StoreError,
  systemClock,
} from '../../lib/index.js';
import type { OutageReport } from './outage-report.js';

const ARCHIVES = 100;
const RECORD_BYTES = 128 * 2 ** 10;
const MAX_SPOOL_BYTES = 55 * RECORD_BYTES;
const [directory = '', to = ''] = process.argv.slice(2);
const inner = new DirectoryStore(to);
let isAway = false;

async function whileThere<T>(operation: string, ask: () => Promise<T>): Promise<T> {
  if (!isAway) return ask();
  const problem = 'connection refused';
  throw new StoreError({ operation, target: to, problem, transient: true });
}

const store: Store = {
  name: inner.name,
  put: (key, body, options) => whileThere('put', () => inner.put(key, body, options)),
  head: (key) => whileThere('head', () => inner.head(key)),
  get: (key, range) => whileThere('get', () => inner.get(key, range)),
  list: (prefix) => inner.list(prefix),
  delete: (key) => inner.delete(key),
  abortUpload: (key, id) => whileThere('abort', () => inner.abortUpload(key, id)),
  refusesTaken: () => whileThere('put', () => inner.refusesTaken()),
  close: () => inner.close(),
};

/** Divides delays by 100: retries that wait up to 30 s wait up to 0.3 s. */
const quickClock: Clock = {
  now: () => systemClock.now(),
  setTimer: (callback, delayMs) => systemClock.setTimer(callback, delayMs / 100),
};

let given = 0;
async function* source() {
  for (; given < ARCHIVES; given++) {
    yield { metadata: { n: String(given) }, payload: randomBytes(RECORD_BYTES) };
  }
}

/**
 * The bytes of all archives on the disk. An archive that is being sealed has two names for a
 * moment.
 */
function spoolBytes(): number {
  const sizes = new Map<number, number>();
  for (const name of readdirSync(directory)) {
    if (!/\.events(\.open)?$/.test(name)) continue;
    const status = statSync(join(directory, name), { throwIfNoEntry: false });
    if (status !== undefined) sizes.set(status.ino, status.size);
  }
  return [...sizes.values()].reduce((bytes, size) => bytes + size, 0);
}

const writer = createArchiveWriter({
  directory,
  clock: quickClock,
  roll: rollByCount(1),
  maxPendingBytes: 1,
  ship: { to: store, maxSpoolBytes: MAX_SPOOL_BYTES, endTimeout: '10h' },
});
let failures = 0;
let mostSpoolBytes = 0;
let mostRssBytes = 0;
const watching = setInterval(() => {
  mostSpoolBytes = Math.max(mostSpoolBytes, spoolBytes());
  mostRssBytes = Math.max(mostRssBytes, process.memoryUsage.rss());
}, 10);
writer.on('failed', () => {
  failures++;
});
writer.on('shipped', () => {
  if (writer.stats().shipped === 10) isAway = true;
});

const writing = (async () => {
  for await (const record of source()) {
    if (!writer.write(record)) await writer.ready();
  }
})();

/**
 * The source is held: all accepted records wait to be shipped, and there is no room for another
 * one.
 */
function isHeld(): boolean {
  const { left, pendingRecords, records, shipped } = writer.stats();
  return isAway && pendingRecords > 0 && left + shipped === records;
}
// While the store is down, the shipper tries and fails again and again.
while (!isHeld()) await once(writer, 'failed');
const { left } = writer.stats();
const givenWhenHeld = given;
for (let attempt = 1; attempt <= 3; attempt++) await once(writer, 'failed');
const givenLater = given;
isAway = false;
await writing;
await writer.close();
clearInterval(watching);
const report: OutageReport = {
  ...{ failures, left, givenWhenHeld, givenLater, mostSpoolBytes, mostRssBytes },
  ...{ maxSpoolBytes: MAX_SPOOL_BYTES, recordBytes: RECORD_BYTES },
};
process.send?.(report);
process.disconnect?.();
