import { rm, stat, writeFile } from 'node:fs/promises';

import { until } from './until.js';

/** More than one step of the clock by which the system gives times to files, twice. */
const STEPS_MS = 20;

/**
 * Waits until the next change of a file must show in its time, which does not differ for changes
 * within a few milliseconds.
 */
export async function fileTimePasses(path: string): Promise<void> {
  const { mtimeMs } = await stat(path);
  const probe = `${path}.probe`;
  await until(async () => {
    await writeFile(probe, '');
    return (await stat(probe)).mtimeMs >= mtimeMs + STEPS_MS;
  });
  await rm(probe);
}
