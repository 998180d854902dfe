import { once } from 'node:events';

import { expect } from 'chai';

import { PostedRecords } from '../../torture/serve/load.js';
import { ServeChildren } from '../support/serve-tools.js';

/** `npm run torture -- --serve --kills 200` does more of them. */
const KILLS = Number(process.env.SERVE_KILLS ?? 2);

/** Each kill comes after so many answers. */
const ANSWERS = 10;

describe('shoebox serve, killed while autocannon posts to it', () => {
  const children = new ServeChildren();
  afterEach(() => children.end());

  it('has archived every record whose answer was 200', async () => {
    const directory = await children.makeDirectory();
    const posted = new PostedRecords();
    for (let kill = 1; kill <= KILLS; kill++) {
      const { child, url } = await children.start(['--roll', '64KiB'], {}, directory);
      const exit = once(child, 'exit');
      const stop = posted.shoot(url, () => {
        if (posted.answers >= kill * ANSWERS) child.kill('SIGKILL');
      });
      await exit;
      await stop();
    }
    const found = await posted.check([directory]);
    expect(found.acknowledged).to.be.at.least(KILLS * ANSWERS);
    expect(found).to.include({ lost: 0, altered: 0, broken: 0 });
  });
});
