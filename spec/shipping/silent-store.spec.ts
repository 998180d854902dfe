import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { expect } from 'chai';

import { compiled } from '../support/compiled.js';
import { TemporaryDirectories } from '../support/series.js';

const run = promisify(execFile);
const CHILD = new URL('../support/silent-store-child.ts', import.meta.url);

describe('a service that accepts connections and never answers', () => {
  const directories = new TemporaryDirectories();

  afterEach(() => directories.remove());

  for (const [what, template] of [
    ['keys of the archives’ own', 'a_[[WRITER]]-[[SEQUENCE]].events'],
    ['keys that hosts may share', 'a_%Y.events'],
  ] as const) {
    it(`does not keep the process alive after close, with ${what}`, async () => {
      const args = [fileURLToPath(compiled(CHILD)), await directories.make(), template];
      // Without an abort the requests would take five minutes.
      const { stdout } = await run(process.execPath, args, { timeout: 60_000 });
      expect(stdout).to.equal('1\n');
    }).timeout(90_000);
  }
});
