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
});
