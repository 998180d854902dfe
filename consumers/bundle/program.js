// Writes, ships to a directory, runs a loaded handler, and reads back.
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import {
  createArchiveReader,
  createArchiveWriter,
  loadHandler,
  rollByCount,
} from 'shoebox-archive';

const root = await mkdtemp(join(tmpdir(), 'shoebox-bundle-'));
try {
  const [directory, store] = [join(root, 'spool'), join(root, 'store')];
  for (const made of [directory, store]) await mkdir(made);
  const names = join(root, 'names.txt');
  const writer = createArchiveWriter({
    directory,
    template: 'events_[[WRITER]]-[[SEQUENCE]].events',
    roll: rollByCount(10),
    handlers: [await loadHandler(`${process.argv[2]}:noteSealed`, names)],
    ship: { to: store },
  });
  for (let i = 0; i < 30; i++) await writer.append({ payload: { i } });
  await writer.close();
  let sum = 0;
  for await (const record of createArchiveReader(join(store, '*'))) sum += record.json().i;
  const sealed = (await readFile(names, 'utf8')).trim().split('\n').length;
  if (sum !== 435 || sealed !== 3) throw new Error(`sum ${sum}, ${sealed} sealed`);
  console.log('bundle: wrote, shipped, ran a handler and read back');
} finally {
  await rm(root, { recursive: true, force: true });
}
