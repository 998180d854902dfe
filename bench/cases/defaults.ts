import { finished } from 'node:stream/promises';

import { createArchiveReader, SeekableGzip } from 'shoebox-archive';

import { unsyncedFiles } from '../unsynced-files.js';
import { writeSeries } from '../write-series.js';
import { gzipCase } from './gzip.js';
import { readCase } from './read-case.js';
import { writeCase } from './write-case.js';

/** Writes in blocks of a given size. */
export const writeInBlocks = (blockBytes: string) =>
  writeCase((directory, input) =>
    writeSeries(directory, input, { blockBytes, sync: 'no', files: unsyncedFiles }),
  );

/** Reads metadata and payloads from these blocks. */
export const readInBlocks = (blockBytes: string) =>
  readCase(
    (directory, input) =>
      writeSeries(directory, input, { blockBytes, sync: 'no', files: unsyncedFiles }),
    async (directory, found) => {
      const reader = createArchiveReader(directory);
      reader.on('data', ({ metadata, payload }) => found.addBoth(metadata, payload));
      await finished(reader);
    },
  );

/** Writes and syncs, with a limit of written bytes that are not synced. */
export const writeUnsyncedBytes = (maxUnsyncedBytes: string) =>
  writeCase((directory, input) => writeSeries(directory, input, { maxUnsyncedBytes }));

/** Compresses at a level; `value` is the compressed size. */
export const gzipAtLevel = (level: number) => gzipCase(() => new SeekableGzip({ level }));

/** Compresses in members of a given size; `value` is the compressed size. */
export const gzipInMembers = (memberBytes: string) =>
  gzipCase(() => new SeekableGzip({ memberBytes }));
