import { readdirSync, readFileSync } from 'node:fs';
import { symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect } from 'chai';

import { nodeFileLayer } from '../../lib/files/file-layer.js';
import { createArchiveReader } from '../../lib/index.js';
import { MemoryStore } from '../support/memory-store.js';
import { ODD_FILES } from '../support/odd-files.js';
import { encodeUnsealed, TemporaryDirectories } from '../support/series.js';
import { createShippingWriter } from '../support/shipping-writer.js';

/** Names beside the archive `x_000007.events`, which an earlier writer has left. */
const BESIDE = [
  'x_000007.events.journal',
  'x_000007.events.lock',
  'x_000007.events.open',
  'x_000007.events.open.lock',
  'x_000007.events.gz',
  '.x_000007.events.0123456789abcdef.part',
  'x_000007.events.journal.01234567.part',
];

describe('Irregular files in the directory of a writer', () => {
  const directories = new TemporaryDirectories();
  let directory: string;
  let store: MemoryStore;

  beforeEach(async () => {
    directory = await directories.make();
    store = new MemoryStore();
  });

  afterEach(() => directories.remove());

  /** Writes and ships one record besides what is in the directory. */
  async function ship(localFile: 'delete' | 'keep') {
    const { writer, failed } = createShippingWriter(directory, store, {
      ship: { to: store, localFile },
    });
    writer.write('mine');
    const result = await writer.close();
    return { result, failed };
  }

  for (const [what, create] of Object.entries(ODD_FILES)) {
    for (const name of BESIDE) {
      it(`does not keep ${what} named ${name} from being passed by`, async () => {
        await writeFile(join(directory, 'x_000007.events'), encodeUnsealed(['left']));
        await create(join(directory, name));
        await ship('keep');
        expect([...store.objects.keys()].sort()).to.deep.equal([
          'x_000000.events.gz',
          'x_000007.events.gz',
        ]);
        expect(readFileSync('/etc/hosts').length).to.be.greaterThan(0);
      });
    }

    it(`recovers an open archive beside ${what} in place of its stale file`, async () => {
      const open = join(directory, 'x_000007.events.open');
      await writeFile(open, encodeUnsealed(['left']));
      await create(join(directory, 'x_000007.events.stale'));
      await ship('delete');
      expect([...store.objects.keys()]).to.include('x_000007.events.gz');
      const left = readdirSync(directory);
      expect(left).to.have.length(1);
      expect(left[0]).to.match(/^x_000007\.events\.torn-[0-9a-f]{8}$/);
    });

    it(`neither ships nor removes ${what} with an archive's name`, async () => {
      await create(join(directory, 'x_000007.events'));
      await ship('delete');
      expect([...store.objects.keys()]).to.deep.equal(['x_000000.events.gz']);
      expect(readdirSync(directory)).to.deep.equal(['x_000007.events']);
    });

    it(`reads an open archive beside ${what} in place of the sealed one`, async () => {
      await writeFile(join(directory, 'x.events.open'), encodeUnsealed(['left']));
      await create(join(directory, 'x.events'));
      const records = createArchiveReader(join(directory, '*.open')).toArray();
      if (what === 'a symbolic link') {
        await records.catch(() => undefined);
        return;
      }
      expect((await records).map((record) => record.text())).to.deep.equal(['left']);
    });
  }

  it('sets a pipe in place of a journal aside', async () => {
    await writeFile(join(directory, 'x_000007.events'), encodeUnsealed(['left']));
    await ODD_FILES['a named pipe']?.(join(directory, 'x_000007.events.journal'));
    await ship('delete');
    expect(readdirSync(directory)).to.deep.equal(['x_000007.events.damaged-1.journal']);
  });

  it('reads an archive through a link that the pattern matches', async () => {
    const elsewhere = join(await directories.make(), 'real.events');
    await writeFile(elsewhere, encodeUnsealed(['linked']));
    await symlink(elsewhere, join(directory, 'link.events'));
    const records = await createArchiveReader(join(directory, '*.events')).toArray();
    expect(records.map((record) => record.text())).to.deep.equal(['linked']);
    expect(await nodeFileLayer.stat(elsewhere)).to.have.property('nlink', 1);
  });
});
