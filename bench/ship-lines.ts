// Archives each line of a file as a record, and ships the archives. The payload is the line.
// Arguments: file, directory, store, bytes of an archive, compression.
import { open } from 'node:fs/promises';
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
const input = await open(file);
const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
/** The start of a line, whose end is in the next chunk. */
let held = 0;
while (true) {
  const { bytesRead } = await input.read(buffer, held, buffer.length - held);
  if (bytesRead === 0) break;
  const filled = held + bytesRead;
  let start = 0;
  let written: Promise<void> | undefined;
  for (let end = buffer.indexOf(LINE_FEED); end !== -1 && end < filled; ) {
    const next = buffer.indexOf(LINE_FEED, end + 1);
    const isLast = next === -1 || next >= filled;
    const line = buffer.subarray(start, end);
    if (isLast) written = new Promise((resolve) => writer.write(line, () => resolve()));
    else writer.write(line);
    start = end + 1;
    end = next;
  }
  // The writer has copied a record when it calls back.
  await written;
  buffer.copyWithin(0, start, filled);
  held = filled - start;
}
writer.end();
await done;
