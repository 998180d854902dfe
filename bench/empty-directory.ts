import { mkdir, rm } from 'node:fs/promises';

/** Makes it so that there is a directory of that name, with nothing in it. */
export async function emptyDirectory(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true });
  await mkdir(path, { recursive: true });
}
