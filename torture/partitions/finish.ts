// The last start: recovers and ships what the killed children left in all partitions. Arguments: the
// spool, the store.
import { readdir } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';

import { createPartitionedWriter } from '../../lib/index.js';

const [spool = '', store = ''] = process.argv.slice(2);
const writer = createPartitionedWriter({
  directory: spool,
  partition: 'part=[[metadata.part]]',
  ship: { to: store, concurrency: 4 },
});
writer.on('failed', ({ archive, operation, error }) =>
  console.error(operation, archive.name, error),
);

/** Torn tails stay in their folders. Every other file is work to do. */
async function isDone(): Promise<boolean> {
  // The writer removes empty folders meanwhile.
  const all = readdir(spool, { recursive: true, withFileTypes: true }).catch(() => null);
  const entries = await all;
  if (entries === null) return false;
  return entries.every((entry) => !entry.isFile() || entry.name.includes('.torn-'));
}

for (let i = 0; i < 6000 && !(await isDone()); i++) await setTimeout(100);
await writer.close();
