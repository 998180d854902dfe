import { readdir, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect } from 'chai';

import {
  type ArchiveWriter,
  createArchiveWriter,
  findLastRecord,
  rollByCount,
  shipArchives,
} from '../../lib/index.js';
import { encodeUnsealed, TemporaryDirectories } from '../support/series.js';
import { rejection } from '../support/store-tools.js';

describe('findLastRecord', () => {
  const temporary = new TemporaryDirectories();
  afterEach(() => temporary.remove());

  async function archive(directory: string, sequences: readonly number[], writerId = 'source') {
    const options = { directory, writerId, sequences: 'given', roll: rollByCount(5) } as const;
    const writer: ArchiveWriter = createArchiveWriter(options);
    for (const sequence of sequences) {
      writer.write({ payload: `${writerId} ${sequence}`, sequence, timeMicros: sequence });
    }
    await writer.close();
    return writer.writer;
  }

  const numbers = (from: number, to: number) =>
    Array.from({ length: to - from + 1 }, (_, i) => from + i);

  it('finds the highest sequence of one writer among several', async () => {
    const directory = await temporary.make();
    const source = await archive(directory, [...numbers(1, 12), 20, 30]);
    const other = await archive(directory, numbers(1, 50), 'other');
    await archive(directory, numbers(3, 8));
    for (const doNamesHoldWriter of [true, false]) {
      const options = { doNamesHoldWriter };
      const last = await findLastRecord(directory, source, options);
      expect([last?.sequence, last?.text()]).to.deep.equal([30, 'source 30']);
      expect((await findLastRecord(directory, other, options))?.sequence).to.equal(50);
      expect(await findLastRecord(directory, '0123456789abcdef', options)).to.equal(undefined);
    }
  });

  it('looks into archives that a crash left open, and into a store', async () => {
    const [directory, store] = [await temporary.make(), await temporary.make()];
    const source = await archive(directory, numbers(1, 12));
    for await (const { path } of shipArchives(directory, { to: store })) {
      expect(path).to.contain(directory);
    }
    expect((await findLastRecord(store, source))?.sequence).to.equal(12);
    const open = encodeUnsealed(['a', 'b', 'c'], { writer: source.slice(0, 1), sequence: 40 });
    const path = join(directory, 'z.events.open');
    await writeFile(path, open);
    const writer = source.slice(0, 1).repeat(16);
    expect((await findLastRecord([directory, store], writer))?.text()).to.equal('c');
    await truncate(path, open.length - 1);
    expect(await findLastRecord([directory, store], writer)).to.equal(undefined);
  });

  it('finds nothing where nothing is, and refuses what is no id', async () => {
    const directory = await temporary.make();
    expect(await findLastRecord(directory, 'a'.repeat(16))).to.equal(undefined);
    expect(await readdir(directory)).to.deep.equal([]);
    const error = await rejection(findLastRecord(directory, 'source'));
    expect(error).to.be.an.instanceOf(RangeError);
    expect(String(error)).to.contain('writer is "source", expected 16 hex digits');
  });
});
