import { finished } from 'node:stream/promises';

import { type ArchiveRecord, createArchiveReader } from 'shoebox-archive';

import { writeUnsynced } from '../write-series.js';
import { readCase } from './read-case.js';

/** Metadata and payload, by `data` events. */
export const readShoebox = readCase(writeUnsynced, (directory, found) =>
  readByEvents(directory, ({ metadata, payload }) => found.addBoth(metadata, payload)),
);

export const readShoeboxPayload = readCase(writeUnsynced, (directory, found) =>
  readByEvents(directory, ({ payload }) => found.addPayload(payload)),
);

/** Metadata and payload, by `for await`. */
export const readShoeboxAwait = readCase(writeUnsynced, async (directory, found) => {
  for await (const { metadata, payload } of createArchiveReader(directory)) {
    found.addBoth(metadata, payload);
  }
});

/** Metadata and payload, by `batches()`. */
export const readShoeboxBatches = readCase(writeUnsynced, async (directory, found) => {
  for await (const records of createArchiveReader(directory).batches()) {
    for (const { metadata, payload } of records) found.addBoth(metadata, payload);
  }
});

async function readByEvents(
  directory: string,
  use: (record: ArchiveRecord) => void,
): Promise<void> {
  const reader = createArchiveReader(directory);
  reader.on('data', use);
  await finished(reader);
}
