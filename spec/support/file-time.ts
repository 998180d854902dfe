import { rm, stat, writeFile } from 'node:fs/promises';

import { until } from './until.js';

/**
 * More than one step of the clock by which the system gives times to files, twice. Also more than the
 * 5 ms for which a writer does not look again at a file that it has just looked at.
 */
const STEPS_MS = 20;

/**
 * Waits until the next change of a file must show in its time, which does not differ for changes
 * within a few milliseconds. Waits as long for a file that was last changed long ago: its writer may
 * have looked at it a moment ago.
 */
export async function fileTimePasses(path: string): Promise<void> {
  const probe = `${path}.probe`;
  const timeNow = async () => {
    await writeFile(probe, '');
    return (await stat(probe)).mtimeMs;
  };
  const begunMs = await timeNow();
  await until(async () => (await timeNow()) >= begunMs + STEPS_MS);
  await rm(probe);
}
