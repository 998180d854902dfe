import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { basename } from 'node:path';

import { expect } from 'chai';

import {
  createArchiveReader,
  createArchiveWriter,
  rollByCount,
  shipArchives,
} from '../../lib/index.js';
import { DirectoryStore } from '../../lib/stores/directory/directory-store.js';
import { publish } from '../../lib/streams/diagnostics.js';
import { HastyClock } from '../support/hasty-clock.js';
import { TemporaryDirectories } from '../support/series.js';
import { createShippingWriter, reach } from '../support/shipping-writer.js';
import { systemError, TestDisk } from '../support/test-disk.js';

const NAMES = ['write', 'roll', 'sync', 'seal', 'ship', 'retry', 'stall', 'read'];

describe('the channels of diagnostics', () => {
  const temporary = new TemporaryDirectories();
  let heard: { name: string; message: unknown }[];
  const listeners = NAMES.map((name) => ({
    channel: `shoebox-archive:${name}`,
    hear: (message: unknown) => heard.push({ name, message }),
  }));

  beforeEach(() => {
    heard = [];
    for (const { channel, hear } of listeners) subscribe(channel, hear);
  });

  afterEach(async () => {
    for (const { channel, hear } of listeners) unsubscribe(channel, hear);
    await temporary.remove();
  });

  const messagesOf = (name: string) =>
    heard.filter((each) => each.name === name).map(({ message }) => message);

  it('report what a writer, its shipper and a reader do, with the figures of `stats`', async () => {
    const directory = await temporary.make();
    const to = await temporary.make();
    const { writer, shipped } = createShippingWriter(directory, to, { roll: rollByCount(2) });
    for (const payload of ['a', 'b', 'c']) writer.write(payload);
    await writer.close();
    await createArchiveReader(to).toArray();

    const [first, second] = ['x_000000.events', 'x_000001.events'];
    const ids = { writer: writer.writer };
    expect(messagesOf('write').map(withoutDuration)).to.have.length(2);
    expect(messagesOf('roll')).to.have.deep.nested.property('[0].records', 2);
    expect(messagesOf('roll')).to.have.length(1);
    expect(messagesOf('roll')[0]).to.include({ ...ids, name: first, ordinal: 0, records: 2 });
    const [seal] = messagesOf('seal').filter((message) => isAbout(message, second));
    expect(seal).to.include({ ...ids, name: second, ordinal: 1, records: 1 });
    expect(seal).to.have.property('durationMs').that.is.at.least(0);
    expect(messagesOf('sync').map((message) => pathOf(message))).to.include.members([
      `${first}.open`,
      `${second}.open`,
    ]);
    expect(messagesOf('ship').map(withoutDuration)).to.deep.equal(
      shipped.map(({ bytes, key, name, path, store, storedBytes }) => ({
        ...{ path, name, bytes, store, key, storedBytes, outcome: 'succeeded', attempt: 1 },
      })),
    );
    const read = messagesOf('read').map(withoutDuration);
    expect(read).to.have.length(2);
    expect(read[0]).to.include({ records: 2, bytes: 2 });
    expect(messagesOf('retry').concat(messagesOf('stall'))).to.deep.equal([]);

    const stats = writer.stats();
    const sum = (name: string, field: string) =>
      messagesOf(name).reduce((total: number, message) => total + numberOf(message, field), 0);
    expect(stats).to.include({ rolls: 1, blocks: 2, stalls: 0, left: 0, oldestLeftMs: null });
    expect(stats.writtenBytes).to.equal(sum('write', 'bytes'));
    expect(stats.sealedBytes).to.equal(sum('seal', 'bytes'));
    expect(stats.storedBytes).to.equal(sum('ship', 'storedBytes'));
    expect(stats.spoolBytes).to.equal(0);
    expect(stats.uploads).to.deep.equal({ succeeded: 2, failed: 0, aborted: 0 });
    expect(stats.syncs.count).to.equal(messagesOf('sync').length);
    expect(stats.syncs.totalMs).to.be.closeTo(sum('sync', 'durationMs'), 1e-6);
    expect(stats.syncs.atMost.at(-1)).to.deep.equal({ ms: 10_000, count: stats.syncs.count });
  });

  it('report a stall from its begin to its end, each retry, and failed syncs', async () => {
    const full = systemError('ENOSPC', 'write');
    const broken = systemError('EIO', 'datasync');
    let [writes, syncs] = [2, 1];
    const disk = new TestDisk((call) => {
      if (call === 'write' && writes-- > 0) throw full;
      if (call === 'datasync' && syncs-- > 0) throw broken;
    });
    const writer = createArchiveWriter({
      directory: await temporary.make(),
      template: 'x.events',
      files: disk.files,
      clock: new HastyClock(),
    });
    await writer.append('a').synced;
    await writer.close();
    const step = { operation: 'write', archive: 'x.events', error: full };
    const sync = { operation: 'sync', archive: 'x.events', error: broken };
    expect(messagesOf('stall').map(withoutDuration)).to.deep.equal([
      { ...step, phase: 'begin' },
      { ...step, phase: 'end' },
      { ...sync, phase: 'begin' },
      { ...sync, phase: 'end' },
    ]);
    expect(messagesOf('retry')).to.deep.equal([
      { ...step, attempt: 2 },
      { ...step, attempt: 3 },
      { ...sync, attempt: 2 },
    ]);
    expect(messagesOf('sync')[0]).to.include({ error: broken });
    expect(writer.stats()).to.deep.include({ stalls: 2, retries: { disk: 3, store: 0 } });
  });

  it('report attempts to ship that failed, and how old what is left is', async () => {
    const store = new DirectoryStore(await temporary.make());
    const put = store.put.bind(store);
    const failure = systemError('EIO', 'put');
    let isAway = true;
    store.put = async (...args) => {
      if (isAway) throw failure;
      return await put(...args);
    };
    const { clock, failed, shipped, writer } = createShippingWriter(await temporary.make(), store);
    await writer.append('a').sealed;
    await reach(failed, 1, writer, 'failed');
    clock.advance(1);
    const { bytes } = messagesOf('seal')[0] as { bytes: number };
    expect(writer.stats()).to.deep.include({
      ...{ left: 1, oldestLeftMs: 1, spoolBytes: bytes, storedBytes: 0 },
      uploads: { succeeded: 0, failed: 1, aborted: 0 },
    });
    isAway = false;
    clock.advance(60_000);
    await reach(shipped, 1, writer, 'shipped');
    expect(messagesOf('ship').map((message) => outcomeOf(message))).to.deep.equal([
      ['failed', 1, failure],
      ['succeeded', 2, undefined],
    ]);
    const retry = { operation: 'ship', archive: 'x_000000.events', attempt: 2, error: failure };
    expect(messagesOf('retry')).to.deep.equal([retry]);
    expect(writer.stats()).to.deep.include({
      ...{ left: 0, oldestLeftMs: null, spoolBytes: 0 },
      retries: { disk: 0, store: 1 },
    });
    await writer.close();
  });

  it('report what `shipArchives` ships', async () => {
    const [directory, to] = [await temporary.make(), await temporary.make()];
    const writer = createArchiveWriter({ directory, template: 'x.events' });
    writer.write('a');
    await writer.close();
    for await (const { path } of shipArchives(directory, { to })) {
      const ship = { path, name: 'x.events', outcome: 'succeeded', attempt: 1 };
      expect(messagesOf('ship')[0]).to.include({ ...ship, store: to });
    }
    expect(messagesOf('ship')).to.have.length(1);
  });

  it('cost no message if nothing subscribes', () => {
    for (const { channel, hear } of listeners) unsubscribe(channel, hear);
    let made = 0;
    publish('read', () => ({ archive: 'a', records: ++made, bytes: 0 }));
    expect(made).to.equal(0);
  });
});

function withoutDuration(message: unknown): object {
  const { durationMs, ...rest } = message as { durationMs?: number };
  return rest;
}

function pathOf(message: unknown): string {
  return basename((message as { path: string }).path);
}

function isAbout(message: unknown, name: string): boolean {
  return (message as { name: string }).name === name;
}

function numberOf(message: unknown, field: string): number {
  return Number((message as Record<string, number>)[field]);
}

function outcomeOf(message: unknown): unknown[] {
  const { attempt, error, outcome } = message as Record<string, unknown>;
  return [outcome, attempt, error];
}
