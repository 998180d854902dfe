// Writes twenty archives and ships them, after those that earlier children left, until it is done
// or killed. Notes the names of sealed archives in a file that outlives it. Arguments: the spool,
// the store, the file for notes, the number of the run.
import { openSync, writeSync } from 'node:fs';

import { createArchiveWriter, rollByCount } from 'shoebox-archive';

import { ARCHIVES, makeShipRecord, RECORDS, TEMPLATE } from './record.js';

const [spool = '', store = '', notes = '', run = ''] = process.argv.slice(2);
const notesFile = openSync(notes, 'a');
const writer = createArchiveWriter({
  directory: spool,
  template: TEMPLATE,
  roll: rollByCount(RECORDS),
  ship: { to: store, ...(store.startsWith('s3:') && { s3: { partBytes: '5 MiB' } }) },
});
writer.on('sealed', ({ name }) => writeSync(notesFile, `${name}\n`));
writer.on('failed', ({ archive, operation, error }) =>
  console.error(operation, archive.name, error),
);

/** The parent may kill this process from now on. */
process.send?.('writing');

for (let n = 0; n < ARCHIVES * RECORDS; n++) {
  await writer.ready();
  writer.append({ metadata: { run, n: String(n) }, payload: makeShipRecord(Number(run), n) });
}
await writer.close();
process.send?.('done');
process.disconnect?.();
