import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';

import type { BenchCase } from '../bench-case.js';
import { emptyDirectory } from '../empty-directory.js';
import { loadInput } from '../inputs/input.js';
import { readFiles } from '../read-files.js';
import { writeUnsynced } from '../write-series.js';

const CHUNK_BYTES = 2 ** 20;
const FILE_BYTES = 100_000_000;

/** Writes the bytes of the archives with `fs.writeSync`, 1 MiB at a time, in files of 100 MB. */
export const writeLimit = limitCase(() => {});

/** As `writeLimit`, but syncs each file at its end. */
export const writeLimitSynced = limitCase(fdatasyncSync);

function limitCase(finish: (file: number) => void): BenchCase {
  return async ({ directory, input: name, scale }) => {
    const input = await loadInput(name, scale);
    const target = join(directory, 'written');
    await emptyDirectory(target);
    await writeUnsynced(target, input);
    const bytes = await readFiles(target);
    return {
      reset: () => emptyDirectory(target),
      async run() {
        for (let start = 0, n = 0; start < bytes.length; start += FILE_BYTES, n++) {
          const end = Math.min(start + FILE_BYTES, bytes.length);
          const file = openSync(join(target, String(n)), 'w');
          for (let at = start; at < end; at += CHUNK_BYTES) {
            writeSync(file, bytes.subarray(at, Math.min(at + CHUNK_BYTES, end)));
          }
          finish(file);
          closeSync(file);
        }
        return { records: input.count, bytes: input.bytes };
      },
    };
  };
}
