import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect } from 'chai';

import type { RollingReadOptions } from '../../lib/reading/rolling-read-options.js';
import { createArchiveReader } from '../../lib/reading/rolling-read-stream.js';
import { CountingFiles } from '../support/counting-files.js';
import { encodeBlocks, encodeJsonLines, encodeVersion1 } from '../support/encode-archive.js';
import { compressAll } from '../support/gzip-tools.js';
import { TemporaryDirectories } from '../support/series.js';

const START_MS = 1_700_000_000_000;

/** 3000 records, 10 ms apart; one in 100 is of the kind `rare`. */
const RECORDS = Array.from({ length: 3000 }, (_, i) => ({
  payload: `${i}`,
  metadata: {
    ...(i % 3 === 0 && { third: 'yes' }),
    kind: i % 100 === 0 ? 'rare' : 'often',
    user: `${i % 7}`,
  },
  timeMicros: 1000 * START_MS + 10_000 * i,
}));

describe('RollingReadStream, with a selection', () => {
  const directories = new TemporaryDirectories();
  let directory: string;

  beforeEach(async () => {
    directory = await directories.make();
    const [first, second] = [RECORDS.slice(0, 1700), RECORDS.slice(1700)];
    await writeFile(join(directory, 'a.events'), encodeBlocks(first));
    const rest = encodeBlocks(second, { sequence: 1700 });
    await writeFile(join(directory, 'b.events.gz'), await compressAll(rest));
  });

  afterEach(() => directories.remove());

  async function read(options: RollingReadOptions): Promise<number[]> {
    const records = await createArchiveReader(directory, options).toArray();
    return records.map((record) => Number(record.text()));
  }

  const all = RECORDS.map((_, i) => i);

  it('selects records from a time on, up to but without another', async () => {
    const from = START_MS + 10 * 1234;
    const to = START_MS + 10 * 2345;
    const expected = all.slice(1234, 2345);
    for (const [a, b] of [
      [from, to],
      [new Date(from), new Date(to)],
      [new Date(from).toISOString(), new Date(to).toISOString()],
      [from - 9.999, to - 9.999],
    ] as const) {
      expect(await read({ from: a, to: b })).to.deep.equal(expected);
    }
    expect(await read({ from: from + 1 })).to.deep.equal(all.slice(1235));
    expect(await read({ to: to + 1 })).to.deep.equal(all.slice(0, 2346));
    expect(await read({ from, to: from })).to.deep.equal([]);
    expect(await read({ from: 0, to: '2100-01-01' })).to.deep.equal(all);
  });

  it('selects records that have all pairs of the wanted metadata', async () => {
    const expectedOf = (where: Readonly<Record<string, string>>) =>
      all.filter((i) => {
        const metadata = new Map<string, unknown>(Object.entries(RECORDS[i]?.metadata ?? {}));
        return Object.entries(where).every(([key, value]) => metadata.get(key) === value);
      });
    for (const where of [
      { kind: 'rare' },
      { user: '3' },
      { user: '3', kind: 'rare' },
      { third: 'yes', user: '0' },
      { kind: 'rar' },
      { kind: 'rarer' },
      { nothing: 'yes' },
      { kind: '' },
      {},
    ]) {
      expect(await read({ where }), JSON.stringify(where)).to.deep.equal(expectedOf(where));
    }
  });

  it('selects records for which a function returns true, and throws its error', async () => {
    const isWanted = (i: number) => i % 11 === 0 && i % 3 === 0;
    const where: RollingReadOptions['where'] = (record) =>
      record.metadata.third === 'yes' && Number(record.text()) % 11 === 0;
    expect(await read({ where })).to.deep.equal(all.filter(isWanted));
    const failing = () => {
      throw new Error('no');
    };
    const failure = await read({ where: failing }).catch((error) => error);
    expect(failure).to.have.property('message', 'no');
  });

  it('reads at most `limit` records, and opens nothing after the last one', async () => {
    expect(await read({ limit: 10 })).to.deep.equal(all.slice(0, 10));
    expect(await read({ limit: 3, where: { kind: 'rare' } })).to.deep.equal([0, 100, 200]);
    expect(await read({ limit: 5000 })).to.deep.equal(all);
    const files = new CountingFiles();
    const limited = createArchiveReader(directory, { limit: 1700, files: files.layer });
    expect(await limited.toArray()).to.have.length(1700);
    expect(files.opened.filter((path) => path.endsWith('.gz'))).to.have.length(1);
    const none = new CountingFiles();
    expect(
      await createArchiveReader('nothing', { limit: 0, files: none.layer }).toArray(),
    ).to.deep.equal([]);
    expect(none.listed).to.deep.equal([]);
  });

  it('combines time, metadata and limit', async () => {
    const options = { from: START_MS + 10_000, to: START_MS + 20_000, where: { kind: 'rare' } };
    expect(await read({ ...options, limit: 4 })).to.deep.equal([1000, 1100, 1200, 1300]);
  });

  it('copies records if few of a block are selected, so that the block can be freed', async () => {
    const sizes = async (where: RollingReadOptions['where']) => {
      const records = await createArchiveReader(directory, { where }).toArray();
      return new Set(records.map(({ payload }) => payload.buffer.byteLength > 20_000));
    };
    expect(await sizes({ third: 'yes' })).to.deep.equal(new Set([true]));
    expect(await sizes((record) => record.metadata.third === 'yes')).to.deep.equal(new Set([true]));
    expect(await sizes({ kind: 'rare' })).to.deep.equal(new Set([false]));
    expect(await sizes((record) => record.metadata.kind === 'rare')).to.deep.equal(
      new Set([false]),
    );
  });

  it('skips records without a time in a range of times, but compares their metadata', async () => {
    const old = [
      { payload: 'v1-rare', metadata: { kind: 'rare' } },
      { payload: 'v1-often', metadata: { kind: 'often' } },
    ];
    await writeFile(join(directory, 'c.events'), encodeVersion1(old));
    await writeFile(
      join(directory, 'd.jsonl'),
      encodeJsonLines([{ payload: { n: 7 }, metadata: { kind: 'rare' } }], 'meta'),
    );
    const texts = async (options: RollingReadOptions) => {
      const records = await createArchiveReader(directory, {
        metadataKey: 'meta',
        ...options,
      }).toArray();
      return records.map((record) => record.text());
    };
    const rare = await texts({ where: { kind: 'rare' } });
    expect(rare.slice(0, 3)).to.deep.equal(['v1-rare', '{"n":7}', '0']);
    expect(await texts({ from: 0 })).to.deep.equal(all.map(String));
    expect(await texts({ limit: 3 })).to.deep.equal(['v1-rare', 'v1-often', '{"n":7}']);
  });

  it('reports no gap if a range of times is given', async () => {
    const gaps: unknown[] = [];
    const reader = createArchiveReader(directory, { from: START_MS + 20_000 });
    reader.on('gap', (gap) => gaps.push(gap));
    await reader.toArray();
    expect(gaps).to.deep.equal([]);
  });

  it('refuses an invalid selection at construction', () => {
    const refused = (options: object) => () => createArchiveReader('x', options);
    expect(refused({ from: 'yesterday' })).to.throw(RangeError, "from is 'yesterday'");
    expect(refused({ to: Number.NaN })).to.throw(RangeError, 'to is NaN');
    expect(refused({ from: 2, to: 1 })).to.throw(RangeError, 'to is 1, expected a time from 2 on');
    expect(refused({ limit: -1 })).to.throw(RangeError, 'limit is -1');
    expect(refused({ limit: 1.5 })).to.throw(RangeError, 'limit is 1.5');
    for (const where of [{ a: 1 }, 'text', null]) {
      expect(refused({ where })).to.throw(TypeError, 'where is');
    }
  });
});
