// Archives each line of a file as a record, and ships the archives. The payload is the line.
// Arguments: file, directory, store, bytes of an archive, compression.
import { createReadStream } from 'node:fs';
import { finished } from 'node:stream/promises';

import { createArchiveWriter, rollBySize } from 'shoebox-archive';

const CHUNK_BYTES = 256 * 2 ** 10;
const LINE_FEED = 10;

const [file = '', directory = '', to = '', archiveBytes, compression] = process.argv.slice(2);
const writer = createArchiveWriter({
  directory,
  roll: rollBySize(Number(archiveBytes)),
  ship: { to, compression: compression === 'zstd' ? 'zstd' : 'gzip' },
});
const done = finished(writer);
let rest: Buffer = Buffer.alloc(0);
for await (const chunk of createReadStream(file, { highWaterMark: CHUNK_BYTES })) {
  const bytes: Buffer = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
  let start = 0;
  for (let end = bytes.indexOf(LINE_FEED); end !== -1; end = bytes.indexOf(LINE_FEED, start)) {
    writer.write(bytes.subarray(start, end));
    start = end + 1;
  }
  rest = bytes.subarray(start);
  if (writer.writableNeedDrain) await new Promise((resolve) => writer.once('drain', resolve));
}
writer.end();
await done;
