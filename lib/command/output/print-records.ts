import { once } from 'node:events';
import { pipeline } from 'node:stream/promises';

import type { ArchiveReader } from '../../index.js';
import { createFormatter, type RecordFormat } from './record-formats.js';
import type { Terminal } from './terminal.js';

/**
 * Prints all records of a reader. When it settles, everything before the end, or before the error
 * that it rejects with, was printed.
 *
 * @returns how many records were printed
 */
export async function printRecords(
  reader: ArchiveReader,
  format: RecordFormat,
  terminal: Terminal,
): Promise<number> {
  const formatter = createFormatter(format);
  const printed = pipeline(formatter, terminal.asWritable());
  let records = 0;
  // If stdout is closed, no record has to be read any more.
  printed.catch(() => reader.destroy());
  try {
    for await (const batch of reader.batches()) {
      for (const record of batch) {
        if (!formatter.write(record)) await Promise.race([once(formatter, 'drain'), printed]);
      }
      records += batch.length;
    }
  } finally {
    formatter.end();
    await printed;
  }
  return records;
}
