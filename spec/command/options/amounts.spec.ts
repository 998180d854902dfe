import { setTimeout } from 'node:timers/promises';

import { expect } from 'chai';

import { duration } from '../../../lib/command/options/amounts.js';
import { RunEnding } from '../../../lib/command/record/run-ending.js';
import { Acknowledger } from '../../../lib/command/serve/acknowledger.js';
import { createArchiveWriter } from '../../../lib/index.js';
import { TemporaryDirectories } from '../../support/series.js';

describe('a duration', () => {
  const temporary = new TemporaryDirectories();
  afterEach(() => temporary.remove());

  it('is a whole number of milliseconds', () => {
    expect(['0.5ms', '1.5s', '2d'].map(duration)).to.deep.equal([1, 1500, 172_800_000]);
  });

  it('may be longer than the timers of Node', async () => {
    const ending = new RunEnding(duration('60d'), new AbortController().signal);
    ending.begin();
    const directory = await temporary.make();
    const writer = createArchiveWriter({ directory });
    const acknowledger = new Acknowledger(writer, 'synced', duration('60d'));
    // Node would call back after a millisecond.
    await acknowledger.within(setTimeout(5));
    expect(ending.isReadingOver.aborted).to.equal(false);
    ending.stop();
    await writer.close();
  });
});
