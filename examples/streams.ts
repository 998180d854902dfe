// Ways to take a part of a series. Each ends the reader: no file stays open. Records go to stdout,
// everything else to stderr.
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

import { createArchiveReader, ignoreClosedPipe, toJsonLines } from 'shoebox-archive';

const pattern = process.argv[2] ?? 'archive/*.events';

for await (const record of createArchiveReader(pattern)) {
  console.error('the first record:', record.sequence);
  break;
}

const logins = createArchiveReader(pattern).filter(({ metadata }) => metadata.kind === 'login');
const users = logins.map((record) => record.json()).take(3);
console.error('three logins:', await users.toArray());

const numbered = createArchiveReader(pattern).compose(async function* (records) {
  let line = 0;
  for await (const record of records) yield `${++line}: ${record.text()}`;
});
console.error('a line:', await numbered.find((line) => line.startsWith('2:')));

const web = Readable.toWeb(createArchiveReader(pattern)).getReader();
console.error('the first of a web stream:', (await web.read()).value?.sequence);
await web.cancel();

// `tsx examples/streams.ts | head` ends normally, too.
const lines = createArchiveReader(pattern).compose(toJsonLines({ metadata: true }));
await pipeline(lines, process.stdout, { end: false }).catch(ignoreClosedPipe);
