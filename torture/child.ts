// Writes until it is killed, and notes what it begins, and each record whose receipt says `synced`. Arguments:
// the spool, the store, the file for notes, the number of the run, the sync mode.
import { setImmediate } from 'node:timers/promises';

import { createArchiveWriter, rollBySize, type SyncMode } from '../lib/index.js';
import { Notes } from './notes.js';
import { makeRecord } from './record.js';

/** So many records are begun at a time. */
const BATCH = 20;

const [spool = '', store = '', path = '', run = '', sync = ''] = process.argv.slice(2);
const notes = new Notes(path);
const writer = createArchiveWriter({
  directory: spool,
  template: 'torture_[[WRITER]]-[[SEQUENCE]].events',
  roll: rollBySize('32 KiB'),
  sync: sync as SyncMode,
  ship: { to: store },
});

/** Its parent kills it from now on. */
process.send?.('writing');

for (let n = 0; ; n++) {
  if (n % BATCH === 0) notes.begin(n + BATCH);
  await writer.ready();
  const receipt = writer.append({ metadata: { run }, payload: { ...makeRecord(Number(run), n) } });
  // Not of all records: what nobody waits for takes other ways.
  if (n % 5 !== 4) void receipt.synced.then(() => notes.synced(n));
  if (n % BATCH === 0) await setImmediate();
  if (n % 200 === 0) await receipt.synced;
}
