import { appendFile, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { expect } from 'chai';

import { RollingWriteStream } from '../../lib/writing/rolling-write-stream.js';
import { TemporaryDirectories } from '../support/series.js';
import { rejection } from '../support/store-tools.js';

describe('a writer with a given id', () => {
  const directories = new TemporaryDirectories();

  afterEach(() => directories.remove());

  it('is refused if the directory already has an archive of it', async () => {
    const directory = await directories.make();
    const template = 'x_[[PID]]-[[SEQUENCE]].events';
    const writerId = Buffer.alloc(8, 7);
    const first = new RollingWriteStream({ directory, template, writerId });
    await first.append({ payload: 'a' }).synced;
    await first.close();
    const second = new RollingWriteStream({ directory, template, writerId });
    const error = await rejection(second.close());
    expect(error).to.have.property('code', 'ERR_WRITER_ID_TAKEN');
    const third = new RollingWriteStream({ directory, writerId: Buffer.alloc(8, 8) });
    await third.append({ payload: 'b' }).synced;
    await third.close();
  });

  it('is refused if a file of several archives holds records of it', async () => {
    const directory = await directories.make();
    for (const digit of [1, 2]) {
      const writerId = Buffer.alloc(8, digit);
      const template = `x_${digit}.events`;
      const writer = new RollingWriteStream({ directory, template, writerId });
      await writer.append('a').synced;
      await writer.close();
    }
    const [first, second] = [join(directory, 'x_1.events'), join(directory, 'x_2.events')];
    await appendFile(first, await readFile(second));
    await rm(second);
    const writer = new RollingWriteStream({ directory, writerId: Buffer.alloc(8, 2) });
    expect(await rejection(writer.close())).to.have.property('code', 'ERR_WRITER_ID_TAKEN');
  });
});
