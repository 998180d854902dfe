import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { expect } from 'chai';

import { compiled } from '../support/compiled.js';
import { runs } from '../support/sampled.js';
import { TemporaryDirectories } from '../support/series.js';

const CHILD = new URL('../support/silent-s3-child.ts', import.meta.url);

/** Much less than a request may take, and enough for a slow machine to start a process. */
const MOST_MS = 40_000;

describe('A service that accepts connections and never answers', () => {
  const directories = new TemporaryDirectories();

  afterEach(() => directories.remove());

  const cases = [
    ['any', 'the writer'],
    ['PUT', 'the user'],
    ['GET', 'the writer'],
    ['any', 'the user'],
    ['PUT', 'the writer'],
  ] as const;
  // A sample has each method and each owner.
  for (const [method, owner] of cases.slice(0, runs(3, cases.length))) {
    it(`holds no process after close (${method}; opened by ${owner})`, async () => {
      const args = [fileURLToPath(compiled(CHILD)), await directories.make(), method, owner];
      const running = promisify(execFile)(process.execPath, args, { timeout: MOST_MS });
      const { ms, left } = JSON.parse((await running).stdout);
      // A request that is not ended holds it until it is killed, which rejects.
      expect(ms).to.be.at.least(900);
      expect(left).to.equal(1);
    }).timeout(MOST_MS + 5000);
  }
});
