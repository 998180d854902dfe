// Writes a thousand events into the archives of a series, and prints how to read them back.
import { mkdir } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';

import { createArchiveWriter } from 'shoebox-archive';

const directory = process.argv[2] ?? 'archive';
await mkdir(directory, { recursive: true });

async function* logins() {
  for (let user = 1; user <= 1000; user++) {
    yield { metadata: { kind: 'login' }, payload: { user, from: '203.0.113.7' } };
  }
}

const writer = createArchiveWriter({ directory });
writer.on('sealed', ({ name, records }) => console.log(`sealed ${name}: ${records} records`));
await pipeline(logins(), writer);
console.log(`read them back with ${writer.pattern}`);
