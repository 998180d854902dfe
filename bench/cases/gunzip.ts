import { createReadStream } from 'node:fs';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { createGunzip, gunzipSync } from 'node:zlib';

import { createArchiveReader, rollNever } from 'shoebox-archive';

import type { BenchCase, CaseSetup, Work } from '../bench-case.js';
import { emptyDirectory } from '../empty-directory.js';
import { loadInput } from '../inputs/input.js';
import { unsyncedFiles } from '../unsynced-files.js';
import { writeSeries } from '../write-series.js';

const CHUNK_BYTES = 2 ** 20;

/** Reads the records of a shipped archive: metadata and payload of each. */
export const gunzipShoebox: BenchCase = async (setup) => {
  const { store, work } = await ship(setup);
  return {
    async run() {
      let records = 0;
      let pairs = 0;
      const reader = createArchiveReader(store);
      reader.on('data', ({ metadata, payload }) => {
        if (payload.length > 0) records++;
        for (const _ in metadata) pairs++;
      });
      await finished(reader);
      if (records !== work.records || pairs === 0) throw new Error(`read ${records} records`);
      return work;
    },
  };
};

/** Only decompresses the same file, with `createGunzip`. */
export const gunzipLimit: BenchCase = async (setup) => {
  const { store, work } = await ship(setup);
  const [name = ''] = await readdir(store);
  const archiveBytes = gunzipSync(await readFile(join(store, name))).length;
  return {
    async run() {
      let bytes = 0;
      const gunzip = createGunzip({ chunkSize: CHUNK_BYTES });
      const file = createReadStream(join(store, name), { highWaterMark: CHUNK_BYTES });
      for await (const chunk of file.pipe(gunzip)) bytes += chunk.length;
      if (bytes !== archiveBytes) throw new Error(`decompressed ${bytes} of ${archiveBytes} bytes`);
      return work;
    },
  };
};

/** Ships one archive to a directory. */
async function ship({ directory, input: name, scale }: CaseSetup): Promise<{
  store: string;
  work: Work;
}> {
  const input = await loadInput(name, scale);
  const spool = join(directory, 'spool');
  const store = join(directory, 'store');
  await emptyDirectory(spool);
  await emptyDirectory(store);
  await writeSeries(spool, input, {
    roll: rollNever(),
    files: unsyncedFiles,
    ship: { to: store },
  });
  await rm(spool, { recursive: true });
  return { store, work: { records: input.count, bytes: input.bytes } };
}
