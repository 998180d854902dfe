import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The concatenated bytes of all files in a directory. */
export async function readFiles(directory: string): Promise<Buffer> {
  const names = (await readdir(directory)).filter((name) => !name.startsWith('.')).sort();
  return Buffer.concat(await Promise.all(names.map((name) => readFile(join(directory, name)))));
}
