import { createReadStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { BenchCase } from '../bench-case.js';
import { emptyDirectory } from '../empty-directory.js';
import { loadInput } from '../inputs/input.js';
import { readFiles } from '../read-files.js';
import { writeUnsynced } from '../write-series.js';

const CHUNK_BYTES = 2 ** 20;

/** Reads the bytes of the archives with `fs.createReadStream`, 1 MiB at a time. */
export const readLimit: BenchCase = async ({ directory, input: name, scale }) => {
  const input = await loadInput(name, scale);
  const source = join(directory, 'source');
  await emptyDirectory(source);
  await writeUnsynced(source, input);
  const path = join(directory, 'bytes');
  const archives = await readFiles(source);
  await writeFile(path, archives);
  return {
    async run() {
      let bytes = 0;
      const stream = createReadStream(path, { highWaterMark: CHUNK_BYTES });
      for await (const chunk of stream) bytes += chunk.length;
      if (bytes !== archives.length) throw new Error(`read ${bytes} bytes of ${archives.length}`);
      return { records: input.count, bytes: input.bytes };
    },
  };
};
