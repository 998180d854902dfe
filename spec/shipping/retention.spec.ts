import { once } from 'node:events';
import { readdir, utimes } from 'node:fs/promises';
import { join } from 'node:path';

import { expect } from 'chai';

import {
  type ArchiveWriterOptions,
  createArchiveWriter,
  createPartitionedWriter,
  type ExpiredArchive,
} from '../../lib/index.js';
import { MemoryStore } from '../support/memory-store.js';
import { TemporaryDirectories } from '../support/series.js';

const HOUR = 3_600_000;

describe('retain', () => {
  const directories = new TemporaryDirectories();
  let directory: string;

  beforeEach(async () => {
    directory = await directories.make();
  });

  afterEach(() => directories.remove());

  /** Seals some archives, each of which is an hour older than the next one. */
  async function seal(
    count: number,
    options: Partial<ArchiveWriterOptions> = {},
  ): Promise<string[]> {
    const writer = createArchiveWriter({ directory, ...options });
    for (let i = 0; i < count; i++) {
      writer.write(`record ${i}`);
      await writer.roll();
    }
    await writer.close();
    const names = (await readdir(directory)).filter((name) => !name.endsWith('.journal')).sort();
    for (const [i, name] of names.entries()) {
      const seconds = (Date.now() - (count - i) * HOUR) / 1000;
      await utimes(join(directory, name), seconds, seconds);
    }
    return names;
  }

  /** The names of the archives that the next writer deletes. */
  async function expire(count: number, options: Partial<ArchiveWriterOptions>): Promise<string[]> {
    const writer = createArchiveWriter({ directory, ...options });
    const expired: string[] = [];
    const all = new Promise<void>((resolve) => {
      writer.on('expired', ({ name }) => {
        expired.push(name);
        if (expired.length === count) resolve();
      });
    });
    await all;
    await writer.close();
    return expired;
  }

  it('deletes sealed archives by age, the oldest first, and never an open one', async () => {
    const names = await seal(4);
    expect(await expire(2, { retain: { maxAge: 2.5 * HOUR } })).to.deep.equal(names.slice(0, 2));
    expect((await readdir(directory)).sort()).to.deep.equal(names.slice(2));
  });

  it('deletes by bytes only what is old enough, if both are given', async () => {
    const names = await seal(4);
    const retain = { maxAge: 3.5 * HOUR, maxBytes: 1 };
    expect(await expire(1, { retain })).to.deep.equal(names.slice(0, 1));
    expect(await expire(3, { retain: { maxBytes: 1 } })).to.deep.equal(names.slice(1));
  });

  it('deletes what was compressed in place', async () => {
    const names = await seal(2, { compress: true });
    const options = { compress: true, retain: { maxAge: 1.5 * HOUR } };
    expect(await expire(1, options)).to.deep.equal(names.slice(0, 1));
  });

  it('deletes a kept archive only if the store still has it, with its journal', async () => {
    const store = new MemoryStore();
    const ship = { to: store, localFile: 'keep' } as const;
    // A later time than in its journal would make it another file.
    const writer = createArchiveWriter({ directory, ship });
    for (const payload of ['a', 'b']) {
      writer.write(payload);
      await writer.roll();
    }
    await writer.close();
    const names = (await readdir(directory)).filter((name) => name.endsWith('.events')).sort();
    store.objects.delete(`${names[0]}.gz`);
    store.before = (operation) => {
      if (operation === 'put') throw new Error('read-only');
    };
    const next = createArchiveWriter({ directory, ship, retain: { maxBytes: 0, maxAge: 0 } });
    next.on('failed', () => {});
    const [{ name }] = (await once(next, 'expired')) as [ExpiredArchive];
    expect(name).to.equal(names[1]);
    await next.close({ deadlineMs: 100 });
    const left = await readdir(directory);
    expect(left.filter((each) => each.includes(names[1] ?? ''))).to.deep.equal([]);
    expect(left).to.include(names[0]);
  });

  it('deletes in all partitions, and their folders', async () => {
    const options = { directory, partition: 't=[[metadata.t]]' };
    const writer = createPartitionedWriter(options);
    for (const t of ['a', 'b']) writer.write({ payload: t, metadata: { t } });
    await writer.close();
    const next = createPartitionedWriter({ ...options, retain: { maxAge: 0 } });
    const expired = new Set<string>();
    await new Promise<void>((resolve) => {
      next.on('expired', ({ partition }) => {
        if (expired.add(partition).size === 2) resolve();
      });
    });
    await next.close();
    expect([...expired].sort()).to.deep.equal(['t=a', 't=b']);
    expect(await readdir(directory)).to.deep.equal([]);
  });

  it('is refused where it makes no sense', () => {
    const create = (options: Partial<ArchiveWriterOptions>) =>
      createArchiveWriter({ directory, ...options });
    expect(() => create({ retain: {} })).to.throw(TypeError, 'neither maxAge nor maxBytes');
    expect(() => create({ retain: { maxAge: '1 x' } })).to.throw(RangeError, 'retain.maxAge');
    expect(() => create({ retain: { maxAge: 1 }, ship: { to: new MemoryStore() } })).to.throw(
      TypeError,
      "ship.localFile 'keep'",
    );
  });
});
