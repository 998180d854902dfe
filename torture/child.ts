// Writes records until it is killed. Notes which records it begins, and which receipts said
// `synced`. Arguments: the spool, the store, the file for notes, the number of the run, the sync
// mode.
import { setImmediate } from 'node:timers/promises';

import { createArchiveWriter, rollBySize, type SyncMode } from '../lib/index.js';
import { Notes } from './notes.js';
import { makeRecord } from './record.js';

/** How many records one note allows to begin. */
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

/** The parent may kill this process from now on. */
process.send?.('writing');

for (let n = 0; ; n++) {
  if (n % BATCH === 0) notes.begin(n + BATCH);
  await writer.ready();
  const receipt = writer.append({ metadata: { run }, payload: { ...makeRecord(Number(run), n) } });
  // Not for every record: the writer treats records for which no caller waits differently.
  if (n % 5 !== 4) void receipt.synced.then(() => notes.synced(n));
  if (n % BATCH === 0) await setImmediate();
  if (n % 200 === 0) await receipt.synced;
}
