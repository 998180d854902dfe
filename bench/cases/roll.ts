import { join } from 'node:path';

import { createArchiveWriter, type RollOption, rollByCount, rollNever } from 'shoebox-archive';

import type { BenchCase } from '../bench-case.js';
import { emptyDirectory } from '../empty-directory.js';
import { loadInput, recordsOf } from '../inputs/input.js';

/** Records per second: a load below the limit of the disk. */
const RATE = 20_000;
const TICK_MS = 1;
const ROLLS = 10;

/**
 * The 99.9th percentile of the time from `write` to its callback, in ms, while ten archives are
 * sealed.
 */
export const rollUnderLoad = loadCase((count) => rollByCount(Math.ceil(count / ROLLS)));

/** The same percentile, with one archive. */
export const loadWithoutRoll = loadCase(() => rollNever());

function loadCase(rollOf: (count: number) => RollOption): BenchCase {
  return async ({ directory, input: name, scale }) => {
    const input = await loadInput(name, scale * 0.5);
    const target = join(directory, 'written');
    return {
      reset: () => emptyDirectory(target),
      async run() {
        const writer = createArchiveWriter({ directory: target, roll: rollOf(input.count) });
        const turnarounds: number[] = [];
        const started = performance.now();
        let written = 0;
        for (const record of recordsOf(input)) {
          const begun = performance.now();
          // Each callback counts, even if it waits for others.
          writer.write(record, () => turnarounds.push(performance.now() - begun));
          written++;
          while (written > (RATE * (performance.now() - started)) / 1000) await tick();
        }
        writer.end();
        await writer.close();
        return { records: input.count, bytes: input.bytes, value: percentile(turnarounds, 99.9) };
      },
    };
  };
}

function tick(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, TICK_MS));
}

function percentile(values: number[], percent: number): number {
  const sorted = values.sort((a, b) => a - b);
  return sorted[Math.ceil((sorted.length * percent) / 100) - 1] ?? 0;
}
