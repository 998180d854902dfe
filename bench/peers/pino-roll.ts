import { once } from 'node:events';
import { join } from 'node:path';

import pinoRoll from 'pino-roll';

import type { Input } from '../inputs/input.js';
import { DOCUMENTED, writeLines } from './sonic-boom.js';

/** Writes JSON lines in files of 100 MB. */
export async function writePinoRoll(directory: string, input: Input): Promise<void> {
  const stream = await pinoRoll({ file: join(directory, 'log'), size: '100m', ...DOCUMENTED });
  await once(stream, 'ready');
  await writeLines(stream, input);
}
