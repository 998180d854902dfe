// Writes, rolls, ships and reads along in one process. Checks that memory, descriptors and timers
// do not grow, and that every record is read once. Exits with 1 otherwise.
//
//   npm run soak -- --minutes 10     prints a line each minute
//   npm run soak -- --minutes 0.2    a short run, which prints five lines
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { parseArgs } from 'node:util';

import { createArchiveWriter, DirectoryStore, rollByAge } from '../lib/index.js';
import { CountingClock } from './counting-clock.js';
import { growthOf, Measurements, toleranceText } from './measurements.js';
import { ReadAlong } from './read-along.js';

const RECORDS_PER_BATCH = 10;
const BATCH_MS = 20;

/** Longer runs have a line a minute, shorter ones this many lines. */
const LINES_OF_SHORT_RUN = 5;

const { values } = parseArgs({ options: { minutes: { type: 'string', default: '10' } } });
const minutes = Number(values.minutes);
if (!(minutes > 0)) throw new RangeError(`--minutes is ${values.minutes}, expected more than 0`);
const runMs = minutes * 60_000;
const lineMs = minutes >= LINES_OF_SHORT_RUN ? 60_000 : runMs / LINES_OF_SHORT_RUN;

const work = await mkdtemp(join(tmpdir(), 'shoebox-soak-'));
const spool = join(work, 'spool');
await mkdir(spool);
const clock = new CountingClock();
const store = new DirectoryStore(join(work, 'store'));
const writer = createArchiveWriter({
  directory: spool,
  clock,
  template: 'soak_[[WRITER]]-[[SEQUENCE]].events',
  roll: rollByAge('1s'),
  ship: { to: store },
});
const reading = new ReadAlong(spool, store, writer);
const measurements = new Measurements(clock, lineMs);

let written = 0;
const failures: unknown[] = [];
writer.on('failed', ({ error }) => failures.push(error));

const begin = performance.now();
const isOver = () => performance.now() - begin >= runMs;
const filling = 'x'.repeat(200);
await Promise.all([
  (async () => {
    while (!isOver()) {
      await writer.ready();
      for (let i = 0; i < RECORDS_PER_BATCH; i++)
        writer.append({ payload: `${written++} ${filling}` });
      // Some records are waited for, so that syncs and receipts take part.
      if (written % 200 === 0) await writer.flush();
      await setTimeout(BATCH_MS);
    }
  })(),
  reading.until(isOver),
  measurements.until(isOver, (line) =>
    console.log(`${line}, ${written} records, ${reading.records} read`),
  ),
]);
await writer.close();
await reading.finish(written);

const growth = growthOf(measurements.lines);
for (const line of growth) console.log(line);
const { lost, repeated } = reading;
const sealed = writer.stats().shipped;
console.log(
  `${written} records in ${sealed} archives: ${lost} lost, ${repeated} read twice or altered`,
);
for (const failure of failures) console.log(`failed: ${failure}`);
const isFlat = growth.length === 0;
console.log(isFlat ? `flat: ${toleranceText()}` : 'not flat');
const isSound = isFlat && lost === 0 && repeated === 0 && failures.length === 0 && written > 0;
if (isSound) await rm(work, { recursive: true });
else console.log(`kept in ${work}`);
process.exitCode = isSound ? 0 : 1;
