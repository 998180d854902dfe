// The last start: recovers and ships what the killed children left. Arguments: the spool, the store.
import { readdir } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';

import { createArchiveWriter } from '../lib/index.js';

const [spool = '', store = ''] = process.argv.slice(2);
const writer = createArchiveWriter({
  directory: spool,
  template: 'torture_[[WRITER]]-[[SEQUENCE]].events',
  ship: { to: store },
});
writer.on('failed', ({ archive, operation, error }) =>
  console.error(operation, archive.name, error),
);

/** Torn parts are kept aside for ever; whatever else is there is work. */
async function isDone(): Promise<boolean> {
  return (await readdir(spool)).every((name) => name.includes('.torn-'));
}

for (let i = 0; i < 6000 && !(await isDone()); i++) await setTimeout(100);
await writer.close();
