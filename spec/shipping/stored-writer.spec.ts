import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

import { expect } from 'chai';

import { type ArchiveWriter, createArchiveWriter, moveTo } from '../../lib/index.js';
import type { Store } from '../../lib/stores/contract/store.js';
import { DirectoryStore } from '../../lib/stores/directory/directory-store.js';
import { FakeClock } from '../support/fake-clock.js';
import { FaultyStore } from '../support/faulty-store.js';
import { storeError } from '../support/memory-store.js';
import { TemporaryDirectories } from '../support/series.js';
import { rejection } from '../support/store-tools.js';

const writerId = Buffer.alloc(8, 7);

describe('a writer with a given id, and a store', () => {
  const directories = new TemporaryDirectories();
  let directory: string;
  let objects: string;
  let store: FaultyStore;

  beforeEach(async () => {
    directory = await directories.make();
    objects = await directories.make();
    store = new FaultyStore(new DirectoryStore(objects));
  });

  afterEach(() => directories.remove());

  function create(options: { to?: string | Store; template?: string; key?: string } = {}) {
    const { key, template, to = objects } = options;
    const ship = { to, ...(key !== undefined && { key }) };
    return createArchiveWriter({ directory, writerId, ship, ...(template && { template }) });
  }

  async function ship(writer: ArchiveWriter): Promise<void> {
    writer.write('a');
    await writer.close();
  }

  for (const options of [
    {},
    { template: 'x_[[SEQUENCE]].events' },
    { template: 'x_[[COUNT]].events', key: 'logs/dt=%Y/[[NAME]]' },
  ]) {
    it(`is refused if its records were shipped (${JSON.stringify(options)})`, async () => {
      await ship(create(options));
      expect(await readdir(directory)).to.deep.equal([]);
      const again = create({ ...options, to: store });
      again.write('b');
      const error = await rejection(again.close());
      expect(error).to.have.property('code', 'ERR_WRITER_ID_TAKEN');
      expect(error).to.have.property('message').that.includes(objects);
      expect(await readdir(directory)).to.deep.equal([]);
    });
  }

  it('asks nothing about the objects of other writers whose names say so', async () => {
    const other = createArchiveWriter({ directory, ship: { to: objects } });
    await ship(other);
    const writer = create({ to: store });
    await writer.append('b').synced;
    expect(store).to.deep.include({ prefixes: ['events_'], heads: [], gets: [] });
    await writer.close();
    const unnamed = createArchiveWriter({ directory, ship: { to: store } });
    const before = store.prefixes.length;
    await unnamed.append('c').synced;
    expect(store.prefixes).to.have.length(before);
    await unnamed.close();
  });

  it('is refused if a store that is down cannot say whether it holds records of it', async () => {
    store.before = () => {
      throw storeError(false);
    };
    const error = await rejection(ship(create({ to: store })));
    expect(error).to.have.property('code', 'ERR_WRITER_ID_UNCHECKED');
    expect(error).to.have.property('message').that.includes('it failed');
    expect(await readdir(directory)).to.deep.equal([]);
  });

  it('waits for a silent store no longer than a minute', async () => {
    const clock = new FakeClock();
    const asked = new Promise<void>((resolve) => {
      store.before = () => {
        resolve();
        return new Promise(() => {});
      };
    });
    const writer = createArchiveWriter({ directory, clock, writerId, ship: { to: store } });
    const closed = rejection(ship(writer));
    await asked;
    clock.advance(60_000);
    expect(await closed).to.have.property('code', 'ERR_WRITER_ID_UNCHECKED');
  });

  it('waits for a silent store no longer than the deadline of close', async () => {
    store.before = () => new Promise(() => {});
    const writer = create({ to: store });
    writer.write('a');
    const error = await rejection(writer.close({ deadlineMs: 50 }));
    expect(error).to.have.property('code', 'ERR_WRITER_ID_UNCHECKED');
    expect(await readdir(directory)).to.deep.equal([]);
  });

  it('is refused for an archive that a handler has moved', async () => {
    const moved = join(objects, 'moved');
    const options = { directory, writerId, handlers: [moveTo(moved)] };
    await ship(createArchiveWriter(options));
    expect(await readdir(directory)).to.deep.equal([]);
    const error = await rejection(ship(createArchiveWriter(options)));
    expect(error).to.have.property('code', 'ERR_WRITER_ID_TAKEN');
  });
});
