import { finished } from 'node:stream/promises';

import { createArchiveReader, SeekableGzip } from 'shoebox-archive';

import { unsyncedFiles } from '../unsynced-files.js';
import { writeSeries } from '../write-series.js';
import { gzipCase } from './gzip.js';
import { readCase } from './read-case.js';
import { writeCase } from './write-case.js';

/** Writes in blocks of so many bytes. */
export const writeInBlocks = (blockBytes: string) =>
  writeCase((directory, input) =>
    writeSeries(directory, input, { blockBytes, sync: 'no', files: unsyncedFiles }),
  );

/** Reads them, metadata and payload. */
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

/** Writes and syncs, with so many bytes that may be written and not synced. */
export const writeUnsyncedBytes = (maxUnsyncedBytes: string) =>
  writeCase((directory, input) => writeSeries(directory, input, { maxUnsyncedBytes }));

/** Compresses at a level; `value` is the size of what comes out. */
export const gzipAtLevel = (level: number) => gzipCase(() => new SeekableGzip({ level }));

/** Compresses in members of so many bytes; `value` is the size of what comes out. */
export const gzipInMembers = (memberBytes: string) =>
  gzipCase(() => new SeekableGzip({ memberBytes }));
