import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import { expect } from 'chai';

import { createArchiveReader } from '../../lib/reading/rolling-read-stream.js';
import { createArchiveWriter } from '../../lib/shipping/create-archive-writer.js';
import { TemporaryDirectories } from '../support/series.js';

describe('createArchiveWriter, with lines that an earlier writer left', () => {
  const directories = new TemporaryDirectories();

  afterEach(() => directories.remove());

  it('ships payloads that are not JSON, which a writer of JSON lines may write', async () => {
    const root = await directories.make();
    const [directory, store] = [join(root, 'spool'), join(root, 'store')];
    for (const path of [directory, store]) await mkdir(path);
    const earlier = createArchiveWriter({ directory, format: 'jsonl' });
    earlier.end({ payload: '1 text' });
    await earlier.close();
    const writer = createArchiveWriter({ directory, format: 'jsonl', ship: { to: store } });
    expect(await writer.close()).to.deep.equal({ shipped: 1, left: [] });
    const records = await createArchiveReader(`${store}/*.events`).toArray();
    expect(records.map((record) => record.text())).to.deep.equal(['1 text']);
  });
});
