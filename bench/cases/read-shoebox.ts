import { finished } from 'node:stream/promises';

import { type ArchiveRecord, createArchiveReader } from 'shoebox-archive';

import type { BenchCase } from '../bench-case.js';
import { loadInput } from '../inputs/input.js';
import { writeUnsynced } from '../write-series.js';
import { Found, readCase } from './read-case.js';

/** Reads metadata and payloads with `data` events. */
export const readShoebox = readCase(writeUnsynced, (directory, found) =>
  readByEvents(directory, ({ metadata, payload }) => found.addBoth(metadata, payload)),
);

export const readShoeboxPayload = readCase(writeUnsynced, (directory, found) =>
  readByEvents(directory, ({ payload }) => found.addPayload(payload)),
);

/** Reads metadata and payloads with `for await`. */
export const readShoeboxAwait = readCase(writeUnsynced, async (directory, found) => {
  for await (const { metadata, payload } of createArchiveReader(directory)) {
    found.addBoth(metadata, payload);
  }
});

/** Reads metadata and payloads with `batches()`. */
export const readShoeboxBatches = readCase(writeUnsynced, async (directory, found) => {
  for await (const records of createArchiveReader(directory).batches()) {
    for (const { metadata, payload } of records) found.addBoth(metadata, payload);
  }
});

/** Reads metadata and payloads of one host's records, 1 % of all, with `data` events. */
export const readShoeboxWhere: BenchCase = async ({ directory, input: name, scale }) => {
  const input = await loadInput(name, scale);
  await writeUnsynced(directory, input);
  return {
    async run() {
      const found = new Found();
      const reader = createArchiveReader(directory, { where: { host: 'web-07' } });
      reader.on('data', ({ metadata, payload }) => found.addBoth(metadata, payload));
      await finished(reader);
      if (found.records !== input.count / 100) throw new Error(`found ${found.records} records`);
      return { records: input.count, bytes: input.bytes };
    },
  };
};

async function readByEvents(
  directory: string,
  use: (record: ArchiveRecord) => void,
): Promise<void> {
  const reader = createArchiveReader(directory);
  reader.on('data', use);
  await finished(reader);
}
