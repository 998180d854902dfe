import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect } from 'chai';

import { createArchiveReader } from '../../lib/reading/rolling-read-stream.js';
import { createArchiveWriter } from '../../lib/shipping/create-archive-writer.js';
import { readPayloads, TemporaryDirectories } from '../support/series.js';

const TEMPLATE = 'x_[[SEQUENCE]].events';

describe('archives of one name under several compressions', () => {
  const directories = new TemporaryDirectories();
  let directory: string;
  let store: string;

  beforeEach(async () => {
    directory = await directories.make();
    store = await directories.make();
  });

  afterEach(() => directories.remove());

  async function ship(payload: string, compression: 'gzip' | 'none'): Promise<void> {
    const ship = { to: store, compression };
    const writer = createArchiveWriter({ directory, template: TEMPLATE, ship });
    writer.write({ payload });
    writer.end();
    await writer.close();
  }

  it('get other keys, so that a reader reads each of them', async () => {
    await ship('1', 'gzip');
    await ship('2', 'none');
    await ship('3', 'gzip');
    const names = (await readdir(store)).map((name) => name.replace(/-[0-9a-f]{8}/, '-SHA8'));
    expect(names.sort()).to.deep.equal([
      'x_000000-SHA8.events',
      'x_000000-SHA8.events.gz',
      'x_000000.events.gz',
    ]);
    const { payloads } = await readPayloads(createArchiveReader(store, { order: 'time' }));
    expect(payloads.toSorted()).to.deep.equal(['1', '2', '3']);
  });

  it('are one archive if they hold the same bytes', async () => {
    const writer = createArchiveWriter({ directory, template: TEMPLATE });
    writer.write({ payload: '1' });
    writer.end();
    await writer.close();
    const keep = { to: store, localFile: 'keep' } as const;
    await createArchiveWriter({ directory, template: TEMPLATE, ship: keep }).close();
    // As after a crash before the journal was written.
    for (const name of await readdir(directory)) {
      if (name.endsWith('.journal')) await writeFile(join(directory, name), '');
    }
    const ship = { to: store, compression: 'none' } as const;
    await createArchiveWriter({ directory, template: TEMPLATE, ship }).close();
    expect(await readdir(store)).to.deep.equal(['x_000000.events.gz']);
  });
});
