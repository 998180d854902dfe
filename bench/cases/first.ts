import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { createArchiveReader, type RollingReadOptions } from 'shoebox-archive';

import type { BenchCase } from '../bench-case.js';
import { peakMemory } from '../peak-memory.js';

const ARCHIVES = 100_000;

/** The `value` is how long the first record takes, in ms. */
export const firstByName = reading({}, 'time');

/** As `firstByName`, when all heads are read first. */
export const firstByTime = reading({ order: 'time' }, 'time');

/** The `value` is the largest resident set until the first record, in bytes. */
export const firstMemory = reading({}, 'memory');

function reading(options: RollingReadOptions, measured: 'time' | 'memory'): BenchCase {
  return async ({ directory, scale }) => {
    const source = join(directory, 'source');
    await mkdir(source);
    const script = fileURLToPath(new URL('../make-archives.js', import.meta.url));
    await promisify(execFile)(process.execPath, [script, source, String(ARCHIVES * scale)]);
    return {
      async run() {
        const started = performance.now();
        const peak = await peakMemory(() => readFirst(source, options));
        const value = measured === 'time' ? performance.now() - started : peak;
        return { records: 0, bytes: 0, value };
      },
    };
  };
}

async function readFirst(source: string, options: RollingReadOptions): Promise<void> {
  for await (const record of createArchiveReader(join(source, '*.events'), options)) {
    if (record.text() !== '{"n":0}') throw new Error(`the first record is ${record.text()}`);
    return;
  }
}
