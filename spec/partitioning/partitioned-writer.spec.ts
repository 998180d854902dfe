import { once } from 'node:events';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

import { expect } from 'chai';

import {
  createArchiveReader,
  createPartitionedWriter,
  type PartitionedWriterOptions,
  RecordError,
  verifyArchives,
} from '../../lib/index.js';
import { MemoryStore } from '../support/memory-store.js';
import { TemporaryDirectories } from '../support/series.js';
import { rejection } from '../support/store-tools.js';

const DAY = Date.UTC(2026, 10, 30);

function record(tenant: string, payload: string, time = DAY) {
  return { metadata: { tenant }, payload, time };
}

describe('createPartitionedWriter', () => {
  const directories = new TemporaryDirectories();
  let directory: string;

  beforeEach(async () => {
    directory = await directories.make();
  });

  afterEach(() => directories.remove());

  function create(options: Partial<PartitionedWriterOptions> = {}) {
    const partition = 'tenant=[[metadata.tenant]]/dt=%Y-%m-%d';
    return createPartitionedWriter({ directory, partition, ...options });
  }

  async function read(pattern: string | string[] = `${directory}/**`) {
    const byFolder: Record<string, string[]> = {};
    const reader = createArchiveReader(pattern, { allowEmpty: true });
    for await (const { archive = '', payload } of reader) {
      const folder = archive.slice(directory.length + 1).replace(/\/[^/]*$/, '');
      byFolder[folder] = [...(byFolder[folder] ?? []), payload.toString()];
    }
    return byFolder;
  }

  it('puts each record into the folder of its partition, in order', async () => {
    const writer = create();
    const records = Array.from({ length: 60 }, (_, i) => record(`t${i % 3}`, String(i)));
    await pipeline(Readable.from(records), writer);
    const expected = [0, 1, 2].map((t) => [
      `tenant=t${t}/dt=2026-11-30`,
      Array.from({ length: 20 }, (_, i) => String(t + 3 * i)),
    ]);
    expect(await read()).to.deep.equal(Object.fromEntries(expected));
    expect(await read(writer.pattern)).to.deep.equal(Object.fromEntries(expected));
    expect((await verifyArchives(`${directory}/**`)).problems).to.deep.equal([]);
    expect(writer.stats()).to.include({ records: 60, sealed: 3, openPartitions: 0 });
  });

  it('puts a late record into its own partition', async () => {
    const writer = create();
    writer.write(record('a', 'today'));
    writer.write(record('a', 'late', DAY - 1));
    await writer.close();
    expect(await read()).to.deep.equal({
      'tenant=a/dt=2026-11-29': ['late'],
      'tenant=a/dt=2026-11-30': ['today'],
    });
  });

  it('has at most maxOpen archives open, and seals the one that was used least recently', async () => {
    const writer = create({ maxOpen: 2 });
    const sealed: string[] = [];
    let [open, most] = [0, 0];
    writer.on('open', () => {
      most = Math.max(most, ++open);
    });
    writer.on('sealed', ({ partition }) => {
      open--;
      sealed.push(partition);
    });
    for (const tenant of ['a', 'b', 'a', 'c']) await writer.append(record(tenant, tenant)).synced;
    expect(sealed).to.deep.equal(['tenant=b/dt=2026-11-30']);
    expect(writer.stats().openPartitions).to.equal(2);
    for (let i = 0; i < 100; i++) writer.append(record(`t${i % 10}`, String(i)));
    await writer.close();
    expect(most).to.equal(2);
    const read1 = Object.values(await read()).flat();
    expect(read1).to.have.length(104);
  });

  it('gives receipts, also of records that wait for a writer', async () => {
    const writer = create({ maxOpen: 1, sync: 'no' });
    const receipts = ['a', 'b', 'c', 'a'].map((tenant, i) => writer.append(record(tenant, `${i}`)));
    const places = await Promise.all(receipts.map(({ synced }) => synced));
    expect(places.every(({ archive }) => archive.startsWith('events_'))).to.equal(true);
    expect(JSON.stringify(receipts[3])).to.match(/^{"reached":"(synced|sealed)"}$/);
    await writer.close();
    await Promise.all(receipts.map(({ sealed }) => sealed));
    const shipped = receipts[0]?.shipped;
    expect(await rejection(Promise.resolve(shipped))).to.have.property('code', 'ERR_NOT_SHIPPED');
  });

  it('flushes and rolls all partitions, with the records that wait', async () => {
    const writer = create({ maxOpen: 2 });
    for (let i = 0; i < 12; i++) writer.write(record(`t${i % 4}`, String(i)));
    await writer.flush();
    expect(Object.values(await read()).flat()).to.have.length(12);
    writer.write(record('t0', '12'));
    await writer.roll();
    const { records, sealed } = writer.stats();
    expect(records).to.equal(13);
    expect(sealed).to.be.at.least(4);
    await writer.close();
  });

  it('ships below the folder of the partition, and settles receipts of partitions that are closed', async () => {
    const store = new MemoryStore();
    let letPass = () => {};
    const isOpen = new Promise<void>((resolve) => {
      letPass = resolve;
    });
    store.before = (operation) => (operation === 'put' ? isOpen : undefined);
    const writer = create({ maxOpen: 1, ship: { to: store, key: 'v1/[[NAME]]' } });
    const shipped: string[] = [];
    writer.on('shipped', ({ key, partition }) => shipped.push(`${partition} ${key}`));
    const receipts = ['a', 'b', '%'].map((tenant) => writer.append(record(tenant, tenant)));
    await Promise.all(receipts.map(({ synced }) => synced));
    letPass();
    await writer.flush({ until: 'shipped' });
    await Promise.all(receipts.map(({ shipped }) => shipped));
    await writer.close();
    expect([...store.objects.keys()].map((key) => key.replace(/events_.*/, ''))).to.deep.equal([
      'tenant=a/dt=2026-11-30/v1/',
      'tenant=b/dt=2026-11-30/v1/',
      'tenant=%25/dt=2026-11-30/v1/',
    ]);
    expect(shipped[0]).to.match(/^tenant=a\/dt=2026-11-30 tenant=a\/dt=2026-11-30\/v1\/events_/);
    // Empty folders are removed.
    expect(await readdir(directory)).to.deep.equal([]);
    expect(
      await read([...writer.patterns] as string[]).then((all) => Object.values(all).flat()),
    ).to.have.length(3);
  });

  it('keeps all partitions together within maxSpoolBytes', async () => {
    const store = new MemoryStore();
    const writer = create({ ship: { to: store, maxSpoolBytes: '20 KiB' }, blockBytes: 512 });
    const payload = 'x'.repeat(1024);
    for (let i = 0; i < 60; i++) {
      // No partition alone has enough bytes to be sealed.
      if (!writer.write(record(`t${i % 20}`, payload))) await once(writer, 'drain');
    }
    await writer.close();
    expect(writer.stats()).to.include({ records: 60, left: 0 });
    expect(writer.stats().sealed).to.be.greaterThan(20);
  });

  it('compresses in place', async () => {
    const writer = create({ compress: true });
    for (const tenant of ['a', 'b']) writer.write(record(tenant, tenant));
    await writer.close();
    const names = await readdir(join(directory, 'tenant=a/dt=2026-11-30'));
    expect(names.map((name) => name.slice(-10))).to.deep.equal(['.events.gz']);
    expect(
      Object.values(await read())
        .flat()
        .sort(),
    ).to.deep.equal(['a', 'b']);
  });

  it('recovers and ships what earlier writers left in every partition', async () => {
    const earlier = create();
    for (const tenant of ['a', 'b', 'c']) earlier.write(record(tenant, tenant));
    await earlier.close();
    const folder = join(directory, 'tenant=a/dt=2026-11-30');
    const [sealed = ''] = await readdir(folder);
    const { rename } = await import('node:fs/promises');
    await rename(join(folder, sealed), join(folder, `${sealed}.open`));
    await mkdir(join(directory, 'other/folder'), { recursive: true });
    await writeFile(join(directory, 'other/folder/events_1.events'), 'not ours');
    const store = new MemoryStore();
    const writer = create({ ship: { to: store } });
    const recovered: string[] = [];
    writer.on('recovered', ({ partition }) => recovered.push(partition));
    await writer.close();
    expect(recovered).to.deep.equal(['tenant=a/dt=2026-11-30']);
    expect([...store.objects.keys()].map((key) => key.slice(0, 8)).sort()).to.deep.equal([
      'tenant=a',
      'tenant=b',
      'tenant=c',
    ]);
    expect(await readdir(directory)).to.deep.equal(['other']);
  });

  it('skips an input without a valid partition, or ends with it', async () => {
    const long = record('x'.repeat(300), 'long');
    const skipping = create({ invalid: 'skip' });
    const invalid: unknown[] = [];
    skipping.on('invalid', ({ reason }) => invalid.push(reason.field));
    expect(() => skipping.append(long)).to.throw(RecordError);
    skipping.write(long);
    skipping.write({ payload: 'x', metadata: { tenant: 'a' }, time: Number.NaN });
    skipping.write(record('a', 'good'));
    await skipping.close();
    expect(invalid).to.deep.equal(['metadata["tenant"]', 'time']);
    expect(skipping.stats()).to.include({ records: 1, skipped: 2 });
    const failing = create();
    failing.write(record('b', 'before'));
    failing.write(long);
    const [error] = await once(failing, 'error');
    expect(error).to.be.an.instanceOf(RecordError);
    await rejection(failing.close());
    expect(
      Object.values(await read())
        .flat()
        .sort(),
    ).to.deep.equal(['before', 'good']);
  });

  it('calls back once records are synced, with sync always', async () => {
    const writer = create({ sync: 'always', maxOpen: 1 });
    await Promise.all(
      ['a', 'b', 'a', 'c'].map(
        (tenant) =>
          new Promise<void>((resolve, reject) => {
            writer.write(record(tenant, tenant), (error) => (error ? reject(error) : resolve()));
          }),
      ),
    );
    expect(Object.values(await read()).flat()).to.have.length(4);
    await writer.close();
  });

  it('holds the source while too many bytes wait, and loses none of them on destroy', async () => {
    const writer = create({ maxOpen: 1, maxPendingBytes: 2000 });
    let [held, given] = [0, 0];
    for (let i = 0; i < 40; i++) {
      given++;
      if (writer.write(record(`t${i % 5}`, 'x'.repeat(500)))) continue;
      held++;
      await once(writer, 'drain');
    }
    expect(held).to.be.greaterThan(0);
    writer.destroy();
    await once(writer, 'close');
    expect(Object.values(await read()).flat()).to.have.length(given);
  });

  it('passes over given sequences that the partition holds', async () => {
    const given = { sequences: 'given', writerId: 'topic/0' } as const;
    for (const added of [0, 3]) {
      const writer = create(given);
      for (let sequence = added; sequence < 6; sequence++) {
        writer.write({ ...record(`t${sequence % 2}`, `${sequence}`, DAY + sequence), sequence });
      }
      await writer.close();
      expect(writer.stats().alreadyArchived).to.equal(added);
    }
    const sequences = [];
    // Several partitions hold the records of one source, so that not all come in its order.
    const reader = createArchiveReader(`${directory}/**`).on('late', () => {});
    for await (const { sequence } of reader) sequences.push(sequence);
    expect(sequences.sort()).to.deep.equal([0, 1, 2, 3, 4, 5]);
  });

  it('refuses a missing directory, and options that make no sense together', async () => {
    const writer = create({ directory: join(directory, 'missing') });
    writer.write(record('a', 'a'));
    expect(await rejection(writer.close())).to.have.property('name', 'DirectoryError');
    const wrong: [Partial<PartitionedWriterOptions>, string][] = [
      [{ maxOpen: 0 }, 'maxOpen is 0'],
      [{ writerId: 'a' }, "writerId goes with sequences 'given'"],
      [{ ship: { to: join(directory, 'store') } }, 'ship.to is'],
      [{ ship: { to: new MemoryStore(), localFile: { moveTo: directory } } }, 'ship.localFile'],
      [{ partition: 'x' }, 'has neither a date'],
      [{ compress: true, ship: { to: new MemoryStore() } }, 'ship compresses too'],
    ];
    for (const [options, message] of wrong) expect(() => create(options)).to.throw(message);
  });
});
