import { join } from 'node:path';

import { expect } from 'chai';

import {
  type ArchiveSummary,
  createArchiveWriter,
  DirectoryStore,
  listArchives,
  NoArchivesError,
  rollByCount,
} from '../../lib/index.js';
import { TemporaryDirectories } from '../support/series.js';

describe('listArchives', () => {
  const temporary = new TemporaryDirectories();
  afterEach(() => temporary.remove());

  const time = (second: number) => new Date(Date.UTC(2026, 10, 30, 9, 0, second));

  async function list(...patterns: Parameters<typeof listArchives>): Promise<ArchiveSummary[]> {
    const archives: ArchiveSummary[] = [];
    for await (const archive of listArchives(...patterns)) archives.push(archive);
    return archives;
  }

  it('describes sealed, compressed and open archives from their indexes', async () => {
    const directory = await temporary.make();
    const to = await temporary.make();
    const template = 'a-[[SEQUENCE]].events';
    const writer = createArchiveWriter({
      ...{ directory, template, roll: rollByCount(3), flushInterval: 0 },
      ship: { to, localFile: 'keep' },
    });
    for (const second of [5, 1, 9, 12]) {
      await writer.append({ payload: 'x', time: time(second) }).written;
    }
    await writer.flush({ until: 'written' });
    const sealed = {
      format: 'v2',
      state: 'sealed',
      records: 3,
      sequence: 0,
      firstTime: time(1),
      lastTime: time(9),
    } as const;
    const [first, open] = await list(directory);
    expect(first).to.include({ compression: 'none', isStored: false });
    expect(first).to.deep.include(sealed);
    expect(first?.rawBytes).to.equal(first?.bytes);
    expect(open).to.include({ state: 'open', format: 'v2', records: undefined, sequence: 3 });
    await writer.close();
    const [shipped] = await list({ store: new DirectoryStore(to), pattern: '' });
    expect(shipped).to.deep.include(sealed);
    expect(shipped).to.include({ compression: 'gzip', isStored: true, rawBytes: first?.bytes });
    expect(shipped?.writer).to.equal(first?.writer);
    expect(shipped?.path).to.equal(join(to, 'a-000000.events.gz'));
  });

  it('describes archives without an index as far as their first bytes tell', async () => {
    for (const format of ['v1', 'jsonl'] as const) {
      const directory = await temporary.make();
      const writer = createArchiveWriter({ directory, template: 'a.events', format });
      writer.end({ payload: '{}' });
      await writer.close();
      const [archive] = await list(join(directory, '*.events'));
      expect(archive).to.include({
        format,
        state: 'sealed',
        writer: undefined,
        records: undefined,
      });
    }
  });

  it('fails if nothing matches, unless that is allowed', async () => {
    const directory = await temporary.make();
    expect(await list(directory, { allowEmpty: true })).to.deep.equal([]);
    const error: unknown = await list(directory).catch((reason: unknown) => reason);
    expect(error).to.be.instanceOf(NoArchivesError);
  });
});
