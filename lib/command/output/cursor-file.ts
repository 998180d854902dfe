import { readFile } from 'node:fs/promises';
import { Readable } from 'node:stream';

import { systemCodeOf } from '../options/system-code.js';
import { writeOutput } from './output-file.js';

/** The cursor in a file, which holds it and a line feed; undefined if there is no file yet. */
export async function readCursorFile(path: string): Promise<string | undefined> {
  try {
    const text = await readFile(path, 'utf8');
    return text.trim();
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** Replaces the file at once, so that a crash leaves the old cursor or the new one. */
export async function writeCursorFile(path: string, cursor: string): Promise<void> {
  await writeOutput(path, Readable.from([Buffer.from(`${cursor}\n`)]), true);
}
