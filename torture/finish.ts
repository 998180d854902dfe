// The last start: recovers and ships the archives of the killed children. Arguments: the spool,
// the store.
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

/** Torn tails stay in the directory. Every other file is work to do. */
async function isDone(): Promise<boolean> {
  return (await readdir(spool)).every((name) => name.includes('.torn-'));
}

for (let i = 0; i < 6000 && !(await isDone()); i++) await setTimeout(100);
await writer.close();
