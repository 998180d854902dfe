// Divides records into folders by tenant and day, in a directory and in its store, and reads some of
// them back.
import { mkdir } from 'node:fs/promises';

import { createArchiveReader, createPartitionedWriter } from 'shoebox-archive';

const directory = process.argv[2] ?? 'archive';
const to = process.argv[3] ?? 'store';
await mkdir(directory, { recursive: true });

const writer = createPartitionedWriter({
  directory,
  partition: 'tenant=[[metadata.tenant]]/dt=%Y-%m-%d',
  maxOpen: 8,
  ship: { to },
});
writer.on('shipped', ({ partition, records }) => console.error(`${partition}: ${records} records`));

for (let order = 0; order < 1000; order++) {
  const tenant = ['a', 'b', 'c d'][order % 3] ?? 'a';
  const time = Date.UTC(2026, 10, 30) + order * 100_000;
  if (!writer.write({ metadata: { tenant }, payload: { order }, time })) {
    await new Promise<void>((resolve) => writer.once('drain', () => resolve()));
  }
}
await writer.close();

let records = 0;
for await (const { metadata } of createArchiveReader(`${to}/tenant=c d/**`)) {
  if (metadata.tenant === 'c d') records++;
}
console.log(`${records} records of one tenant`);
