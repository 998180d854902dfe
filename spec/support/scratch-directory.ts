import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { QUICK_PLACE } from './quick-place.js';

/** A directory for the files of one spec. */
export interface ScratchDirectory {
  readonly path: string;
  /** Writes a file and returns its path. */
  put(name: string, bytes: Uint8Array): Promise<string>;
  list(): Promise<string[]>;
}

/** Runs `use` with a new directory and removes it afterwards. */
export async function withScratch(use: (scratch: ScratchDirectory) => Promise<void>) {
  const path = await mkdtemp(join(QUICK_PLACE, 'shoebox-'));
  try {
    await use({
      path,
      async put(name, bytes) {
        await writeFile(join(path, name), bytes);
        return join(path, name);
      },
      list: async () => (await readdir(path)).sort(),
    });
  } finally {
    await rm(path, { recursive: true });
  }
}
