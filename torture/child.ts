// Writes until it is killed, and notes each record whose receipt says `synced` in a file, which outlives
// it. Arguments: the spool, the store, the file for notes, the number of the run, the sync mode.
import { openSync, writeSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';

import { createArchiveWriter, rollBySize, type SyncMode } from 'shoebox-archive';

import { makeRecord } from './record.js';

const [spool = '', store = '', notes = '', run = '', sync = ''] = process.argv.slice(2);
const notesFile = openSync(notes, 'a');
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
  await writer.ready();
  const receipt = writer.append({ metadata: { run }, payload: { ...makeRecord(Number(run), n) } });
  // Not of all records: what nobody waits for takes other ways.
  if (n % 5 !== 4) void receipt.synced.then(() => writeSync(notesFile, `${n}\n`));
  if (n % 20 === 0) await setImmediate();
  if (n % 200 === 0) await receipt.synced;
}
