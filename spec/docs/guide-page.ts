/** Follows docs/guide.md, and writes what its commands print into it: `npm run guide`. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { follow, stepsOf, withOutputs } from './guide-session.js';
import { openGuideSetting } from './guide-setting.js';

const PAGE = new URL('../../docs/guide.md', import.meta.url);

const page = await readFile(PAGE, 'utf8');
const directory = await mkdtemp(join(tmpdir(), 'shoebox-guide-'));
const setting = await openGuideSetting(directory);
try {
  await writeFile(PAGE, withOutputs(page, await follow(stepsOf(page), setting)));
} finally {
  await setting.stop();
  await rm(directory, { recursive: true });
}
