import { mkdir, rm } from 'node:fs/promises';

/** Creates a directory, or empties it if it exists. */
export async function emptyDirectory(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true });
  await mkdir(path, { recursive: true });
}
