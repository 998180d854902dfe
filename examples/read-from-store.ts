// Reads the logins of the last hour, from a store and from the archives that are not shipped yet.
import { pipeline } from 'node:stream/promises';

import { createArchiveReader, ignoreClosedPipe, toJsonLines } from 'shoebox-archive';

const store = process.argv[2] ?? 's3://my-bucket/events';
const spool = process.argv[3] ?? 'archive';
const reader = createArchiveReader([`${store}/**/*.events`, `${spool}/*.events`], {
  from: Date.now() - 60 * 60_000,
  where: { kind: 'login' },
});
await pipeline(reader, toJsonLines({ metadata: true }), process.stdout, { end: false }).catch(
  ignoreClosedPipe,
);
