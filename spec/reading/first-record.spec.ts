import { link, mkdir, readdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect } from 'chai';

import { createArchiveReader } from '../../lib/reading/rolling-read-stream.js';
import { CountingFiles } from '../support/counting-files.js';
import { encodeJsonLines, NOW_MICROS } from '../support/encode-archive.js';
import { defaultName } from '../support/named-archives.js';
import { PagedStore } from '../support/paged-store.js';
import { encodeUnsealed, readPayloads, TemporaryDirectories } from '../support/series.js';

/** More than the heads that are read ahead. */
const ARCHIVES = 120;

const PAYLOADS = Array.from({ length: ARCHIVES }, (_, i) => `${i}`);

/** Archives with one record each; their names say when they were opened, once a minute. */
const SERIES = PAYLOADS.map((payload, i) => ({
  name: defaultName('a', i, NOW_MICROS / 1000 + 60_000 * i),
  bytes: encodeUnsealed([payload], { sequence: i, time: 60_000 * i + 10 }),
}));

describe('the first record of a long series', () => {
  const directories = new TemporaryDirectories();
  let directory: string;

  beforeEach(async () => {
    directory = await directories.make();
    await mkdir(join(directory, 'one'));
    await mkdir(join(directory, 'two'));
  });

  afterEach(() => directories.remove());

  const patterns = () => [join(directory, 'one/*'), join(directory, 'two/*')];

  /** Puts the archives in two directories in turn. */
  async function write(series = SERIES): Promise<void> {
    for (const [i, { bytes, name }] of series.entries()) {
      await writeFile(join(directory, i % 2 === 0 ? 'one' : 'two', name), bytes);
    }
  }

  it('comes after a few heads, and the rest in order', async () => {
    await write();
    const files = new CountingFiles();
    const payloads: string[] = [];
    for await (const record of createArchiveReader(patterns(), { files: files.layer })) {
      if (payloads.length === 0) expect(files.opened.length).to.be.below(70);
      payloads.push(record.text());
    }
    expect(payloads).to.deep.equal(PAYLOADS);
    expect(files).to.include({ open: 0, mostOpen: 1 });
  });

  it('comes after all heads with order time', async () => {
    await write();
    const files = new CountingFiles();
    const reader = createArchiveReader(patterns(), { files: files.layer, order: 'time' });
    for await (const _ of reader) break;
    expect(files.opened.length).to.be.above(ARCHIVES);
  });

  it('never hides that a later name holds earlier records', async () => {
    const last = SERIES.at(-1);
    const first = SERIES[0];
    if (first === undefined || last === undefined) throw new Error('there are archives');
    // The first archive under a name after all others.
    const renamed = [...SERIES.slice(1), { ...first, name: `z-${last.name}` }];
    await write(renamed);
    const byName = await readPayloads(createArchiveReader(patterns()));
    expect(byName.payloads).to.deep.equal(PAYLOADS.slice(1, byName.payloads.length + 1));
    expect(byName.error).to.have.property('code', 'ERR_ARCHIVE_ORDER');
    expect(byName.error).to.have.property('message').that.includes(`z-${last.name}`);
    const byTime = await readPayloads(createArchiveReader(patterns(), { order: 'time' }));
    expect(byTime).to.deep.equal({ error: undefined, payloads: PAYLOADS });
  });

  it('accepts a copy that has another name', async () => {
    const copies = SERIES.slice(0, 1).map(({ bytes }) => ({ bytes, name: 'z-copy.events' }));
    const later = SERIES.slice(0, 1).map(({ bytes }) => {
      return { bytes, name: defaultName('b', 0, NOW_MICROS / 1000 + 1e9) };
    });
    await write([...SERIES, ...copies, ...later]);
    const { error, payloads } = await readPayloads(createArchiveReader(patterns()));
    expect({ error, payloads }).to.deep.equal({ error: undefined, payloads: PAYLOADS });
  });

  it('follows archives that move before their heads are read', async () => {
    await write();
    const payloads: string[] = [];
    for await (const record of createArchiveReader(patterns())) {
      payloads.push(record.text());
      if (payloads.length > 1) continue;
      for (const name of await readdir(join(directory, 'one'))) {
        await rename(join(directory, 'one', name), join(directory, 'two', `moved-${name}`));
      }
    }
    expect(payloads).to.deep.equal(PAYLOADS);
  });

  it('reads lines once that have their open and their sealed name, as while they are sealed', async () => {
    const lines = PAYLOADS.map((payload, i) => `x-${1000 + i}_2026-11-30.jsonl:"${payload}"`);
    for (const line of lines) {
      const [name = '', text = ''] = line.split(':');
      await writeFile(join(directory, 'one', name), encodeJsonLines([text]));
    }
    const sealed = join(directory, 'one', `x-1000_2026-11-30.jsonl`);
    await link(sealed, join(directory, 'one', 'x-[[COUNT]]_2026-11-30.jsonl.open'));
    const { error, payloads } = await readPayloads(createArchiveReader(patterns()));
    expect({ error, payloads: payloads.length }).to.deep.equal({
      error: undefined,
      payloads: ARCHIVES,
    });
  });

  it('fails if an archive vanishes for good before its head is read', async () => {
    await write();
    const elsewhere = await directories.make();
    const read = async () => {
      let isFirst = true;
      for await (const _ of createArchiveReader(patterns())) {
        if (!isFirst) continue;
        isFirst = false;
        const name = SERIES.at(-2)?.name ?? '';
        await rename(join(directory, 'one', name), join(elsewhere, name));
      }
    };
    expect(await read().catch((error) => error)).to.have.property('code', 'ERR_ARCHIVE_GONE');
  });

  it('comes before the second page of a listing has arrived', async () => {
    const bytes = new Map(SERIES.map((archive) => [archive.name, archive.bytes]));
    const keys = [...bytes.keys(), ...Array.from({ length: 1500 }, (_, i) => `z${1000 + i}`)];
    const store = new PagedStore(keys, (key) => bytes.get(key) ?? Buffer.alloc(0));
    let isFirst = true;
    const second = new Promise<void>((resolve) => {
      store.beforePage = () => {
        expect(isFirst).to.equal(false);
        resolve();
      };
    });
    const reader = createArchiveReader({ store, pattern: '*.events' });
    const payloads: string[] = [];
    for await (const record of reader) {
      if (isFirst)
        expect({ gets: store.gets.length, pages: store.pages }).to.deep.equal({
          gets: 1,
          pages: 1,
        });
      isFirst = false;
      payloads.push(record.text());
      if (payloads.length === ARCHIVES) await second;
    }
    expect(payloads).to.deep.equal(PAYLOADS);
  });
});
