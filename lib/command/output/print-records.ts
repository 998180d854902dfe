import { once } from 'node:events';
import { pipeline } from 'node:stream/promises';

import type { ArchiveRecord } from '../../index.js';
import type { PrintOptions } from '../options/print-options.js';
import { createFormatter } from './record-formats.js';
import type { Terminal } from './terminal.js';

/** What records are printed from: a reader is one. */
export interface RecordSource {
  batches(): AsyncIterable<readonly ArchiveRecord[]>;
  destroy(): unknown;
}

/**
 * Prints all records of a reader. When it settles, everything before the end, or before the error
 * that it rejects with, was printed.
 *
 * @returns how many records were printed
 */
export async function printRecords(
  reader: RecordSource,
  options: PrintOptions,
  terminal: Terminal,
): Promise<number> {
  const formatter = createFormatter(options);
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
