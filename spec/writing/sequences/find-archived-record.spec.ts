import { readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';

import { expect } from 'chai';

import {
  type ArchiveWriterOptions,
  createArchiveWriter,
  DirectoryStore,
  type FileLayer,
  nodeFileLayer,
  rollByCount,
  StoreError,
} from '../../../lib/index.js';
import { FaultyStore } from '../../support/faulty-store.js';
import { numbered, range } from '../../support/list-source.js';
import { TemporaryDirectories } from '../../support/series.js';

describe('findArchived', () => {
  const temporary = new TemporaryDirectories();
  let directory: string;

  beforeEach(async () => {
    directory = await temporary.make();
  });
  afterEach(() => temporary.remove());

  const create = (more: Partial<ArchiveWriterOptions> = {}) =>
    createArchiveWriter({ directory, writerId: 'topic/0', sequences: 'given', ...more });

  async function write(sequences: readonly number[], more?: Partial<ArchiveWriterOptions>) {
    const writer = create({ roll: rollByCount(10), ...more });
    for (const sequence of sequences) writer.write(numbered(sequence));
    await writer.close();
  }

  /** The record that a new writer finds at each sequence: the payload, and the end. */
  async function find(sequences: readonly number[], more?: Partial<ArchiveWriterOptions>) {
    const writer = create(more);
    const found = await Promise.all(sequences.map((sequence) => writer.findArchived(sequence)));
    await writer.close();
    return found.map((at) => [at?.record?.text(), at?.end]);
  }

  it('finds nothing in an empty directory, nor without given sequences', async () => {
    expect(await find([0])).to.deep.equal([[undefined, undefined]]);
    const writer = createArchiveWriter({ directory });
    expect(await writer.findArchived(0)).to.equal(undefined);
    await writer.close();
  });

  it('finds records and the end in sealed archives with gaps, plain and compressed', async () => {
    const sequences = range(0, 94).filter((number) => number % 7 !== 3);
    for (const compress of [false, true]) {
      await write(sequences, { compress });
      expect(await find([0, 3, 41, 93, 94, 1000])).to.deep.equal([
        ['record 0', 94],
        [undefined, 94],
        ['record 41', 94],
        ['record 93', 94],
        [undefined, 94],
        [undefined, 94],
      ]);
    }
  });

  it('finds them in a store, and in an archive that is open', async () => {
    const store = await temporary.make();
    await write(range(0, 35), { ship: { to: store } });
    const open = create({ ship: { to: store } });
    for (const sequence of range(35, 50)) open.write(numbered(sequence));
    await open.flush();
    expect(await find([34, 35, 49, 50], { ship: { to: store } })).to.deep.equal([
      ['record 34', 50],
      ['record 35', 50],
      ['record 49', 50],
      [undefined, 50],
    ]);
    await open.close();
  });

  it('finds what is on disk only, after many archives that are in the store', async () => {
    const ship = { to: await temporary.make() };
    await write(range(0, 100), { ship });
    const killed = create();
    for (const sequence of range(100, 115)) killed.write(numbered(sequence));
    await killed.flush();
    expect(await find([114, 115], { ship })).to.deep.equal([
      ['record 114', 115],
      [undefined, 115],
    ]);
    await killed.close();
  });

  it('looks in every archive if it must, whatever their names say', async () => {
    await write(range(100, 110));
    const [name = ''] = await readdir(directory);
    await rename(join(directory, name), join(directory, name.replace('_20', '_19')));
    await write(range(0, 12), { roll: rollByCount(1) });
    const writer = create();
    expect(await writer.findArchived(110)).to.include({ end: 12 });
    expect(await writer.findArchived(110, { among: 'all' })).to.include({ end: 110 });
    expect(await writer.findArchived(111, { among: 'all' })).to.include({ end: 110 });
    await writer.close();
  });

  it('looks only at the last archives for a sequence after all', async () => {
    const store = new FaultyStore(new DirectoryStore(await temporary.make()));
    await write(range(0, 150), { ship: { to: store } });
    store.gets.length = 0;
    expect(await find([150], { ship: { to: store } })).to.deep.equal([[undefined, 150]]);
    expect(new Set(store.gets.map(({ key }) => key)).size).to.be.within(1, 10);
  });

  it('is undefined, and reported, if the store does not say', async () => {
    const store = new FaultyStore(new DirectoryStore(await temporary.make()));
    await write(range(0, 10), { ship: { to: store } });
    store.before = (operation) => {
      if (operation === 'put') return;
      const facts = {
        target: 'the store',
        problem: 'down',
        storeCode: undefined,
        transient: false,
      };
      throw new StoreError({ operation, ...facts });
    };
    const writer = create({ ship: { to: store } });
    const failures: string[] = [];
    writer.on('failed', ({ operation }) => failures.push(operation));
    expect(await writer.findArchived(5)).to.equal(undefined);
    await writer.close();
    expect(failures).to.include('sequences');
  });

  it('lists again if an archive moves before it is opened', async () => {
    await write(range(0, 10));
    let hasMoved = false;
    const files: FileLayer = {
      ...nodeFileLayer,
      async open(path, mode) {
        if (!hasMoved && path.endsWith('.events')) {
          hasMoved = true;
          await rename(path, path.replace('.events', '-moved.events'));
        }
        return await nodeFileLayer.open(path, mode);
      },
    };
    expect(await find([5], { files })).to.deep.equal([['record 5', 10]]);
    expect(hasMoved).to.equal(true);
  });

  it('ignores the records of other writers', async () => {
    await write(range(0, 20), { writerId: 'topic/1' });
    expect(await find([5])).to.deep.equal([[undefined, undefined]]);
  });
});
