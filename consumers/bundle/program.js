// Writes, ships to a directory, runs a loaded handler, reads back, and exports.
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';

import {
  createArchiveReader,
  createArchiveWriter,
  exportParquet,
  fromJsonLines,
  loadHandler,
  rollByCount,
  toCsv,
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
  const columns = ['payload.i'];
  const table = { directory: join(root, 'table'), partition: 'day', columns };
  const { rows } = await exportParquet(createArchiveReader(join(store, '*')), table);
  const lines = Readable.from([Buffer.from('{"i":1}\n{"i":2}\n')]).pipe(fromJsonLines());
  const csv = String(await buffer(lines.pipe(toCsv({ columns }))));
  if (rows !== 30 || csv !== 'payload.i\r\n1\r\n2\r\n') throw new Error(`${rows} rows, ${csv}`);
  console.log('bundle: wrote, shipped, ran a handler, read back and exported');
} finally {
  await rm(root, { recursive: true, force: true });
}
