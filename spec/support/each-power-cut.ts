import { createRandom, extremeCuts, type PowerCut, randomCut } from './power-cut.js';
import type { PowerDisk } from './power-disk.js';

/** A disk as a power loss may have left it. */
export interface DiskAfterCut {
  readonly disk: PowerDisk;
  /** When and how the power failed. */
  readonly what: string;
}

/** The disks that a power loss may leave at each call that `act` makes, and after the last one. */
export async function disksAfterCuts(
  disk: PowerDisk,
  act: () => Promise<unknown>,
): Promise<DiskAfterCut[]> {
  const random = createRandom(1);
  const found: DiskAfterCut[] = [];
  const cut = (when: string) => {
    const cuts: PowerCut[] = [...extremeCuts(random), randomCut(random), randomCut(random)];
    for (const one of cuts) {
      const what = `${when}: names ${one.names}, bytes ${one.bytes}`;
      found.push({ disk: disk.copyAfter(one), what });
    }
  };
  disk.hook = (call, path) => cut(`before ${call} ${path}`);
  await act();
  disk.hook = () => undefined;
  cut('at the end');
  return found;
}
