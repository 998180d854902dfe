import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { expect } from 'chai';

import { compiled } from '../support/compiled.js';
import { TemporaryDirectories } from '../support/series.js';

const CHILD = new URL('../support/waiting-child.ts', import.meta.url);

/** The code of Node for a top-level `await` that can never settle. */
const UNSETTLED_AWAIT = 13;

describe('A process whose store is down', () => {
  const directories = new TemporaryDirectories();

  afterEach(() => directories.remove());

  async function run(what: string): Promise<{ readonly code: unknown; readonly out: string }> {
    const args = [fileURLToPath(compiled(CHILD)), await directories.make(), what];
    try {
      const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 30_000 });
      return { code: 0, out: stdout };
    } catch (error) {
      return { code: Reflect.get(Object(error), 'code'), out: '' };
    }
  }

  for (const what of ['drain', 'ready', 'receipt in the queue', 'shipped', 'sealed', 'close']) {
    it(`stays alive while a caller waits for ${what}, and exits afterwards`, async () => {
      expect(await run(what)).to.deep.equal({ code: 0, out: 'done\n' });
    });
  }

  it('exits though archives are left if no caller waits for a record', async () => {
    expect(await run('nothing')).to.include({ code: UNSETTLED_AWAIT });
  });
});
