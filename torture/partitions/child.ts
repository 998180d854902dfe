// Writes records into partitions until it is killed. Notes which records it begins, and which receipts
// said `synced`. Arguments: the spool, the store, the file for notes, the number of the run, how many
// partitions there are.
import { setImmediate } from 'node:timers/promises';

import { createPartitionedWriter, rollBySize } from '../../lib/index.js';
import { Notes } from '../notes.js';
import { makeRecord } from '../record.js';

/** How many records one note allows to begin. */
const BATCH = 20;

const [spool = '', store = '', path = '', run = '', partitions = ''] = process.argv.slice(2);
const notes = new Notes(path);
const writer = createPartitionedWriter({
  directory: spool,
  partition: 'part=[[metadata.part]]',
  maxOpen: 8,
  roll: rollBySize('16 KiB'),
  ship: { to: store, concurrency: 2 },
});

/** The parent may kill this process from now on. */
process.send?.('writing');

for (let n = 0; ; n++) {
  if (n % BATCH === 0) notes.begin(n + BATCH);
  await writer.ready();
  // Several records in a row go to one partition, as when a source is sorted in part.
  const part = String((Math.floor(n / 3) * 7) % Number(partitions));
  const metadata = { run, part };
  const receipt = writer.append({ metadata, payload: { ...makeRecord(Number(run), n) } });
  if (n % 5 !== 4) void receipt.synced.then(() => notes.synced(n));
  if (n % BATCH === 0) await setImmediate();
  if (n % 200 === 0) await receipt.synced;
}
