import { once } from 'node:events';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { appendFile, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { gunzipSync, gzipSync } from 'node:zlib';

import { expect } from 'chai';

import { ShippingPendingError } from '../../lib/errors/shipping-pending-error.js';
import { SpoolFullError } from '../../lib/errors/spool-full-error.js';
import { nodeFileLayer } from '../../lib/files/file-layer.js';
import { createArchiveReader } from '../../lib/reading/rolling-read-stream.js';
import { parseShipOptions } from '../../lib/shipping/ship-options.js';
import { Shipper } from '../../lib/shipping/shipper.js';
import type { SealedArchive } from '../../lib/writing/handlers/archive-handler.js';
import { rollNever } from '../../lib/writing/policies/roll-policies.js';
import { FakeClock } from '../support/fake-clock.js';
import { MemoryStore, storeError } from '../support/memory-store.js';
import { passTime } from '../support/pass-time.js';
import { encodeUnsealed, numbered, TemporaryDirectories } from '../support/series.js';
import { archivesIn, createShippingWriter, reach, turns } from '../support/shipping-writer.js';
import { rejection } from '../support/store-tools.js';
import { systemError, TestDisk } from '../support/test-disk.js';
import { until } from '../support/until.js';

/** Its pattern matches the names of all other templates in this spec. */
const ANY_NAME = 'x_[[SEQUENCE]]%Y.events';

describe('Shipper', () => {
  const directories = new TemporaryDirectories();
  let directory: string;
  let store: MemoryStore;

  beforeEach(async () => {
    directory = await directories.make();
    store = new MemoryStore();
  });

  afterEach(() => directories.remove());

  /** Payloads of all objects in the store, duplicates included, in the order of sequences. */
  async function storedPayloads(): Promise<string[]> {
    const back = await directories.make();
    for (const [key, { bytes }] of store.objects) await writeFile(join(back, key), bytes);
    const records = await createArchiveReader(back).toArray();
    return records.map((record) => record.text());
  }

  function keys(): string[] {
    return [...store.objects.keys()].sort();
  }

  function sealedFiles(): string[] {
    return readdirSync(directory).filter((name) => name.endsWith('.events'));
  }

  /** Makes the first `count` puts fail. */
  function failPuts(count: number, transient: boolean): void {
    store.before = (operation) => {
      if (operation === 'put' && store.count('put') <= count) throw storeError(transient);
    };
  }

  /** Holds puts until the function that it returns is called. */
  function holdPuts(): () => void {
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    store.before = (operation) => (operation === 'put' ? held : undefined);
    return release;
  }

  it('ships the oldest first, one at a time', async () => {
    let underWay = 0;
    let most = 0;
    store.before = async (operation) => {
      if (operation !== 'put') return;
      most = Math.max(most, ++underWay);
      await turns(3);
      underWay--;
    };
    const { writer, shipped, failed } = createShippingWriter(directory, store);
    await pipeline(Readable.from(numbered('v', 5)), writer);
    expect(shipped.map(({ key }) => key)).to.deep.equal(
      [0, 1, 2, 3, 4].map((i) => `x_00000${i}.events.gz`),
    );
    expect([most, failed]).to.deep.equal([1, []]);
    expect(readdirSync(directory)).to.deep.equal([]);
    expect(await storedPayloads()).to.deep.equal(numbered('v', 5));
  });

  it('ships as many archives at the same time as `concurrency` allows', async () => {
    let underWay = 0;
    let most = 0;
    store.before = async (operation) => {
      if (operation !== 'put') return;
      most = Math.max(most, ++underWay);
      await until(() => most >= 3);
      underWay--;
    };
    const ship = { to: store, concurrency: 3 };
    const { writer, shipped } = createShippingWriter(directory, store, { ship });
    await pipeline(Readable.from(numbered('v', 9)), writer);
    expect([most, shipped.length, readdirSync(directory)]).to.deep.equal([3, 9, []]);
    expect(await storedPayloads()).to.deep.equal(numbered('v', 9));
  });

  it('reports the evidence of each archive, and counts it', async () => {
    const kinds = ['part-digests', 'checksum', 'etag', null, 'etag'] as const;
    store.before = (operation) => {
      if (operation === 'put') store.evidence = kinds[store.count('put') - 1] ?? null;
    };
    const { writer, shipped } = createShippingWriter(directory, store);
    await pipeline(Readable.from(numbered('v', 5)), writer);
    expect(shipped.map(({ evidence }) => evidence)).to.deep.equal([
      'part-digests',
      'checksum',
      'etag',
      'read-back',
      'etag',
    ]);
    expect(writer.stats().evidence).to.deep.equal({
      'part-digests': 1,
      checksum: 1,
      etag: 2,
      'read-back': 1,
    });
  });

  it('makes keys from the time of the first record', async () => {
    const ship = { to: store, key: 'logs/dt=%Y-%m-%d/hour=%H/[[NAME]]' };
    const { writer, shipped } = createShippingWriter(directory, store, { ship });
    for (const time of [
      '2026-01-02T03:59:59.999Z',
      '2026-01-02T04:00:00Z',
      '1969-12-31T23:00:00Z',
    ]) {
      writer.write({ payload: 'x', time: new Date(time) });
    }
    await writer.close();
    expect(shipped.map(({ key }) => key)).to.deep.equal([
      'logs/dt=2026-01-02/hour=03/x_000000.events.gz',
      'logs/dt=2026-01-02/hour=04/x_000001.events.gz',
      'logs/dt=1969-12-31/hour=23/x_000002.events.gz',
    ]);
  });

  describe('retries', () => {
    it('a transient failure, after a delay that may double each time', async () => {
      failPuts(4, true);
      const { writer, clock, shipped, failed } = createShippingWriter(directory, store);
      const ending = pipeline(Readable.from(['x']), writer);
      for (const [i, delayMs] of [200, 400, 800, 1600].entries()) {
        await reach(failed, i + 1, writer, 'failed');
        expect(archivesIn(directory)).to.deep.equal(['x_000000.events']);
        clock.advance(delayMs);
      }
      await ending;
      expect(failed.map(({ operation, archive }) => `${operation} ${archive.name}`)).to.deep.equal(
        Array.from({ length: 4 }, () => 'ship x_000000.events'),
      );
      expect([shipped.length, store.count('put')]).to.deep.equal([1, 5]);
      expect(readdirSync(directory)).to.deep.equal([]);
    });

    it('a failure that only looked permanent, until it has passed', async () => {
      failPuts(10, false);
      const { writer, clock, failed } = createShippingWriter(directory, store);
      writer.write('x');
      const closing = writer.close({ deadlineMs: 600_000 });
      for (let failures = 1; failures <= 10; failures++) {
        await reach(failed, failures, writer, 'failed');
        await turns();
        // The longest wait before the next attempt.
        clock.advance(30_000);
      }
      expect(await closing).to.deep.equal({ shipped: 1, left: [] });
      expect(failed).to.have.length(10);
    });

    it('a final failure after 30 s, in case someone has fixed its cause', async () => {
      store.before = (operation) => {
        if (operation === 'put' && store.count('put') === 1) throw new TypeError('odd');
      };
      const { writer, clock, shipped, failed } = createShippingWriter(directory, store);
      writer.write('x');
      await reach(failed, 1, writer, 'failed');
      clock.advance(29_999);
      await turns();
      expect(store.count('put')).to.equal(1);
      clock.advance(1);
      await reach(shipped, 1, writer, 'shipped');
      expect(await writer.close()).to.deep.equal({ shipped: 1, left: [] });
    });

    it('an archive after the others that have not failed', async () => {
      store.before = (operation, key) => {
        if (operation === 'put' && key.startsWith('x_000000') && store.count('put') === 1) {
          throw storeError(true);
        }
      };
      const { writer, clock, shipped, failed } = createShippingWriter(directory, store);
      writer.write('0');
      await reach(failed, 1, writer, 'failed');
      for (const payload of ['1', '2']) writer.write(payload);
      await reach(shipped, 2, writer, 'shipped');
      clock.advance(200);
      await writer.close();
      expect(shipped.map(({ name }) => name)).to.deep.equal(
        [1, 2, 0].map((i) => `x_00000${i}.events`),
      );
    });

    it('only the settling of the file if the archive is in the store', async () => {
      let refusals = 1;
      const failure = Object.assign(new Error('EIO: i/o error, unlink'), { code: 'EIO' });
      const files = {
        ...nodeFileLayer,
        async unlink(path: string) {
          if (path.endsWith('.events') && refusals-- > 0) throw failure;
          await nodeFileLayer.unlink(path);
        },
      };
      const { writer, clock, shipped, failed } = createShippingWriter(directory, store, { files });
      writer.write('x');
      await reach(failed, 1, writer, 'failed');
      expect([failed[0]?.error, shipped.length]).to.deep.equal([failure, 0]);
      clock.advance(200);
      await reach(shipped, 1, writer, 'shipped');
      expect([store.count('put'), store.count('head'), store.count('get')]).to.deep.equal([
        1, 3, 0,
      ]);
      expect(readdirSync(directory)).to.deep.equal([]);
      await writer.close();
    });
  });

  it('deletes nothing that the store does not confirm, and retries', async () => {
    store.evidence = null;
    let lies = 1;
    store.before = (operation, key) => {
      // As if the store had lost most of the object.
      if (operation === 'get' && lies-- > 0) {
        store.objects.set(key, { bytes: Buffer.alloc(10), metadata: {} });
      }
    };
    const { writer, clock, shipped, failed } = createShippingWriter(directory, store);
    writer.write('x');
    await reach(failed, 1, writer, 'failed');
    expect(failed[0]?.error).to.include({ operation: 'confirm', transient: true });
    expect([shipped, archivesIn(directory)]).to.deep.equal([[], ['x_000000.events']]);
    clock.advance(200);
    await reach(shipped, 1, writer, 'shipped');
    const object = store.objects.get(shipped[0]?.key ?? '');
    expect(object?.bytes.length).to.be.greaterThan(50);
    expect(readdirSync(directory)).to.deep.equal([]);
    await writer.close();
  });

  it('reads back after a put that failed, even if the file is kept', async () => {
    let failures = 1;
    const { put } = store;
    store.put = async (...args) => {
      const result = await put.apply(store, args);
      // The object is stored, but the answer is lost.
      if (failures-- > 0) throw storeError(true);
      return result;
    };
    const ship = { to: store, localFile: 'keep' as const };
    const { writer, clock, shipped, failed } = createShippingWriter(directory, store, { ship });
    writer.write('x');
    await reach(failed, 1, writer, 'failed');
    clock.advance(200);
    await reach(shipped, 1, writer, 'shipped');
    expect(shipped[0]).to.include({ evidence: 'read-back' });
    expect([store.count('put'), store.count('get')]).to.deep.equal([1, 1]);
    await writer.close();
  });

  describe('when the writer ends', () => {
    it('fails after a few attempts if only archives are left that the store refuses', async () => {
      const failure = storeError(false, 'AccessDenied');
      store.before = () => {
        throw failure;
      };
      const ship = { to: store, endTimeout: '10h' };
      const { writer, clock, failed } = createShippingWriter(directory, store, { ship });
      const error = await passTime(clock, rejection(pipeline(Readable.from(['0', '1']), writer)));
      expect(error).to.be.instanceOf(ShippingPendingError).and.to.have.property('cause', failure);
      const left = ['x_000000.events', 'x_000001.events'].map((name) => join(directory, name));
      expect(error).to.have.deep.property('left', left);
      expect(failed).to.have.length(12);
      expect(writer.stats().reason).to.equal(failure);
      expect(archivesIn(directory)).to.deep.equal(['x_000000.events', 'x_000001.events']);
    });

    it('gives the reason why an archive is left, even if later ones were shipped', async () => {
      const failure = storeError(false, 'AccessDenied');
      store.before = (_operation, key) => {
        if (key.startsWith('x_000000')) throw failure;
      };
      const ship = { to: store, endTimeout: '10h' };
      const { writer, clock } = createShippingWriter(directory, store, { ship });
      const error = await passTime(
        clock,
        rejection(pipeline(Readable.from(['0', '1', '2']), writer)),
      );
      expect(error).to.have.property('cause', failure);
      expect(error).to.have.deep.property('left', [join(directory, 'x_000000.events')]);
      expect(keys()).to.deep.equal(['x_000001.events.gz', 'x_000002.events.gz']);
    });

    it('waits for endTimeout while another attempt may succeed', async () => {
      failPuts(Number.POSITIVE_INFINITY, true);
      const ship = { to: store, endTimeout: '5m' };
      const { writer, clock, failed } = createShippingWriter(directory, store, { ship });
      let isOver = false;
      const ending = rejection(pipeline(Readable.from(['x']), writer)).finally(() => {
        isOver = true;
      });
      await new Promise<void>((resolve) => writer.once('drained', resolve));
      await reach(failed, 1, writer, 'failed');
      for (let seconds = 0; seconds < 299; seconds++) {
        clock.advance(1000);
        await turns(1);
      }
      expect([isOver, clock.refTimers > 0]).to.deep.equal([false, true]);
      clock.advance(1000);
      const error = await ending;
      expect(error).to.be.instanceOf(ShippingPendingError);
      expect(error).to.have.nested.property('cause.storeCode', 'Odd');
      expect(error).to.have.deep.property('left', [join(directory, 'x_000000.events')]);
      expect(clock.pendingTimers).to.equal(0);
    });

    it('close waits no longer than deadlineMs, and returns what is left', async () => {
      store.before = (operation, key) => {
        if (operation === 'put' && !key.startsWith('x_000000')) throw storeError(true);
      };
      const { writer, clock, shipped, failed } = createShippingWriter(directory, store);
      for (const payload of ['0', '1', '2']) writer.write(payload);
      await reach(shipped, 1, writer, 'shipped');
      await reach(failed, 2, writer, 'failed');
      const drained = new Promise<void>((resolve) => writer.once('drained', resolve));
      const closing = writer.close({ deadlineMs: 1000 });
      await drained;
      clock.advance(1000);
      const left = ['x_000001.events', 'x_000002.events'].map((name) => join(directory, name));
      const result = await closing;
      expect(result).to.deep.include({ shipped: 1, left });
      expect(result.reason).to.include({ storeCode: 'Odd' });
      expect(archivesIn(directory)).to.deep.equal(['x_000001.events', 'x_000002.events']);
    });

    for (const how of ['destroy', 'an aborted signal'] as const) {
      it(`does not wait for a store that never answers after ${how}`, async () => {
        store.before = () => new Promise<void>(() => {});
        const controller = new AbortController();
        const { signal } = controller;
        const { writer, clock } = createShippingWriter(directory, store, { signal });
        const failure = new Error('no longer wanted');
        writer.write('x');
        await until(() => store.calls.length > 0);
        const closing = rejection(writer.close());
        if (how === 'destroy') writer.destroy(failure);
        else controller.abort(failure);
        const error = await closing;
        expect(how === 'destroy' ? error : Object(error).cause).to.equal(failure);
        expect(archivesIn(directory)).to.deep.equal(['x_000000.events']);
        expect(clock.pendingTimers).to.equal(0);
      });
    }
  });

  describe('with what an earlier writer left', () => {
    /** Leaves archives as a writer whose store cannot be used does. */
    async function leave(payloads: readonly string[]): Promise<void> {
      store.before = () => {
        throw new TypeError('odd');
      };
      const { writer } = createShippingWriter(directory, store);
      await rejection(pipeline(Readable.from(payloads), writer));
      store.before = () => {};
      store.calls.length = 0;
    }

    it('ships each archive once, before its own archives', async () => {
      await leave(numbered('old', 3));
      const { writer, shipped, failed } = createShippingWriter(directory, store, {
        template: ANY_NAME,
      });
      await pipeline(Readable.from(['new']), writer);
      const names = [0, 1, 2, '02023'].map((end) => `x_00000${end}.events`);
      expect(shipped.map(({ name }) => name)).to.deep.equal(names);
      expect(keys()).to.deep.equal(names.map((name) => `${name}.gz`).sort());
      expect([store.count('put'), failed, readdirSync(directory)]).to.deep.equal([4, [], []]);
      expect((await storedPayloads()).sort()).to.deep.equal(['new', ...numbered('old', 3)]);
    });

    it('reports the facts that its writer knew', async () => {
      const bytes = encodeUnsealed(['0', '1'], { time: 7 });
      await writeFile(join(directory, 'x_000000.events'), bytes);
      const { writer, shipped } = createShippingWriter(directory, store);
      expect(writer.stats()).to.include({ left: 0, shipped: 0 });
      await reach(shipped, 1, writer, 'shipped');
      expect(writer.stats()).to.include({ left: 0, shipped: 1, sealed: 0 });
      expect(shipped[0]).to.include({ name: 'x_000000.events', records: 2, bytes: bytes.length });
      await writer.close();
    });

    it('leaves files that are not archives of the series', async () => {
      const others = ['x_000002.events.part', 'notes.txt', 'y_3.events', 'x_000004.events'];
      for (const name of others) await writeFile(join(directory, name), 'some other text');
      await leave(['old']);
      const { writer, shipped, failed } = createShippingWriter(directory, store);
      await writer.close();
      expect(keys()).to.deep.equal(['x_000000.events.gz']);
      expect(shipped).to.have.length(1);
      // It has a name of the series, but is not an archive.
      expect(failed.map(({ archive }) => archive.name)).to.deep.equal(['x_000004.events']);
      expect(failed[0]?.error).to.have.property('code', 'ERR_ARCHIVE_DAMAGED');
      expect(archivesIn(directory)).to.deep.equal([...others].sort());
      expect(writer.stats()).to.include({ left: 0 });
    });

    it('inspects an archive once, however often it fails', async () => {
      await leave(['old']);
      failPuts(2, true);
      let opened = 0;
      const files = {
        ...nodeFileLayer,
        open: (...args: Parameters<typeof nodeFileLayer.open>) => {
          if (args[0].endsWith('.events')) opened++;
          return nodeFileLayer.open(...args);
        },
      };
      const { writer, clock, shipped, failed } = createShippingWriter(directory, store, { files });
      for (const [i, delayMs] of [200, 400].entries()) {
        await reach(failed, i + 1, writer, 'failed');
        clock.advance(delayMs);
      }
      await reach(shipped, 1, writer, 'shipped');
      // Once to inspect it, and for each attempt to send it.
      expect(opened).to.equal(4);
      await writer.close();
    });

    it('ships each archive once even if the disk fails during the listing', async () => {
      const ship = { to: store, localFile: 'keep' as const };
      await writeFile(join(directory, 'x_000001.events'), encodeUnsealed(['1'], { writer: 'b' }));
      await createShippingWriter(directory, store, { ship }).writer.close();
      await writeFile(join(directory, 'x_000000.events'), encodeUnsealed(['0']));
      let looks = 0;
      const disk = new TestDisk((call, path) => {
        // The first call is for the listing, the second asks whether the file was kept.
        const isLook = call === 'lstat' && path.endsWith('x_000001.events');
        if (isLook && ++looks === 2) throw systemError('EIO', call);
      });
      const options = { ship, files: disk.files };
      const { writer, clock, shipped } = createShippingWriter(directory, store, options);
      const [{ operation }] = await once(writer, 'stalled');
      expect(operation).to.equal('open');
      clock.advance(100);
      await writer.close();
      expect(shipped.map(({ name }) => name)).to.deep.equal(['x_000000.events']);
      expect(await storedPayloads()).to.deep.equal(['0', '1']);
    });

    it('sends nothing that is in the store, but settles the file', async () => {
      const ship = { to: store, localFile: 'keep' as const };
      const first = createShippingWriter(directory, store, { ship });
      await pipeline(Readable.from(['0', '1']), first.writer);
      expect(archivesIn(directory)).to.have.length(2);
      const second = createShippingWriter(directory, store, { ship });
      await second.writer.close();
      expect(archivesIn(directory)).to.have.length(2);
      // Six heads before the archives were sent, one for each compression, and two that ask whether they are still there.
      expect([store.count('head'), store.count('get')]).to.deep.equal([8, 0]);
      const third = createShippingWriter(directory, store);
      await third.writer.close();
      expect([second.shipped.length, third.shipped.length]).to.deep.equal([0, 2]);
      expect(store.count('put')).to.equal(2);
      expect(readdirSync(directory)).to.deep.equal([]);
    });
  });

  describe('with maxSpoolBytes', () => {
    const SPOOL = 50_000;
    const options = () => ({
      maxPendingBytes: 1,
      ship: { to: store, maxSpoolBytes: SPOOL },
    });

    /** Total size of the archives on disk. One that is settled meanwhile counts 0. */
    function spoolBytes(): number {
      const sizes = archivesIn(directory).map((name) => {
        const status = statSync(join(directory, name), { throwIfNoEntry: false });
        return status?.isFile() ? status.size : 0;
      });
      return sizes.reduce((bytes, size) => bytes + size, 0);
    }

    it('holds the source while the store is slow, and keeps within the limit', async () => {
      const release = holdPuts();
      const { writer, shipped } = createShippingWriter(directory, store, options());
      let taken = 0;
      let most = 0;
      async function* source() {
        for (; taken < 25; taken++) yield `${taken}:`.padEnd(10_000, 'x');
      }
      writer.on('sealed', () => {
        most = Math.max(most, spoolBytes());
      });
      const ending = pipeline(source(), writer);
      await until(() => sealedFiles().length >= 5);
      await turns(300);
      // Five records fill the spool. The source has given a few more, which fill Node's queue.
      expect(taken).to.be.within(5, 8);
      release();
      await ending;
      // One record and the index of its archive may exceed the limit.
      expect(most).to.be.within(SPOOL, SPOOL + 10_500);
      expect(shipped).to.have.length(25);
      expect(keys()).to.have.length(25);
    });

    it('seals the open archive at the limit, so that it can be shipped', async () => {
      const { writer, shipped } = createShippingWriter(directory, store, {
        ...options(),
        roll: rollNever(),
      });
      const payloads = Array.from({ length: 23 }, (_, i) => `${i}:`.padEnd(10_000, 'x'));
      await pipeline(Readable.from(payloads), writer);
      expect(shipped.map(({ records }) => records)).to.deep.equal([5, 5, 5, 5, 3]);
      expect(await storedPayloads()).to.deep.equal(payloads);
    });

    describe("and whenFull 'error'", () => {
      const failing = () => ({
        ...options(),
        roll: rollNever(),
        ship: { ...options().ship, whenFull: 'error' as const },
      });

      it('append throws, and accepts nothing, until there is room', async () => {
        const { writer, shipped } = createShippingWriter(directory, store, failing());
        const release = holdPuts();
        const payload = 'x'.repeat(10_000);
        const receipts = Array.from({ length: 5 }, () => writer.append(payload));
        expect(() => writer.append('too much')).to.throw(SpoolFullError, 'wait to be shipped');
        release();
        await reach(shipped, 1, writer, 'shipped');
        await Promise.all(receipts.map((receipt) => receipt.shipped));
        await writer.append('again').synced;
        expect(await writer.close()).to.deep.equal({ shipped: 2, left: [] });
        expect((await storedPayloads()).length).to.equal(6);
      });

      it('write ends the stream, and accepted records are safe', async () => {
        holdPuts();
        const { writer } = createShippingWriter(directory, store, failing());
        const payloads = Array.from({ length: 9 }, (_, i) => `${i}:`.padEnd(10_000, 'x'));
        const error = await rejection(pipeline(Readable.from(payloads), writer));
        expect(error).to.be.instanceOf(SpoolFullError);
        const records = await createArchiveReader(directory).toArray();
        expect(records.map((record) => record.text())).to.deep.equal(payloads.slice(0, 5));
      });
    });

    describe("and whenFull 'drop-oldest'", () => {
      const dropping = () => ({
        ...options(),
        ship: { ...options().ship, whenFull: 'drop-oldest' as const },
      });

      it('deletes the oldest archives not being sent, and rejects their receipts', async () => {
        const release = holdPuts();
        const { writer, shipped } = createShippingWriter(directory, store, dropping());
        const dropped: string[] = [];
        writer.on('dropped', ({ name }) => dropped.push(name));
        const receipts = [];
        for (let i = 0; i < 8; i++) {
          receipts.push(writer.append(`${i}:`.padEnd(10_000, 'x')));
          await receipts[i]?.sealed;
          await turns(20);
        }
        await until(() => dropped.length >= 3);
        // The first archive is being sent.
        expect(dropped).to.deep.equal([1, 2, 3].map((i) => `x_00000${i}.events`));
        expect(spoolBytes()).to.be.lessThan(SPOOL + 10_500);
        release();
        expect(await writer.close()).to.deep.equal({ shipped: 5, left: [] });
        expect(writer.stats()).to.include({ dropped: 3, shipped: 5 });
        expect(shipped.map(({ name }) => name)).to.deep.equal(
          [0, 4, 5, 6, 7].map((i) => `x_00000${i}.events`),
        );
        const results = await Promise.allSettled(receipts.map((receipt) => receipt.shipped));
        const lost = results.flatMap(({ status }, i) => (status === 'rejected' ? [i] : []));
        expect(lost).to.deep.equal([1, 2, 3]);
        expect(await rejection(receipts[1]?.shipped ?? Promise.resolve())).to.include({
          code: 'ERR_NOT_SHIPPED',
        });
        expect(readdirSync(directory)).to.deep.equal([]);
      });

      it('deletes nothing that the store has confirmed', async () => {
        let failures = 100;
        const disk = new TestDisk((call, path) => {
          if (call === 'unlink' && path.endsWith('.events') && failures-- > 0) {
            throw systemError('EACCES', call);
          }
        });
        const { writer, clock, failed } = createShippingWriter(directory, store, {
          ...dropping(),
          files: disk.files,
        });
        const dropped: unknown[] = [];
        writer.on('dropped', (archive) => dropped.push(archive));
        for (let i = 0; i < 5; i++) {
          writer.write('x'.repeat(10_000));
          await reach(failed, i + 1, writer, 'failed');
        }
        writer.write('one more');
        await turns(100);
        expect([dropped, store.objects.size, sealedFiles().length]).to.deep.equal([[], 5, 5]);
        expect(writer.stats().records).to.equal(5);
        failures = 0;
        clock.advance(30_000);
        expect((await writer.close()).shipped).to.equal(6);
      });
    });

    it('does not delay the end: everything written is sealed, even over the limit', async () => {
      holdPuts();
      const { writer } = createShippingWriter(directory, store, options());
      const payloads = Array.from({ length: 20 }, (_, i) => `${i}:`.padEnd(10_000, 'x'));
      for (const payload of payloads) writer.write(payload);
      await until(() => sealedFiles().length >= 5);
      const drained = new Promise<void>((resolve) => writer.once('drained', resolve));
      const ending = rejection(writer.close());
      await drained;
      writer.destroy(new Error('the store is dead'));
      expect(await ending).to.have.property('message', 'the store is dead');
      const records = await createArchiveReader(directory).toArray();
      expect(records.map((record) => record.text())).to.deep.equal(payloads);
    });

    it('counts archives of an earlier writer', async () => {
      for (let i = 0; i < 2; i++) {
        const bytes = encodeUnsealed(['x'.repeat(30_000)], { sequence: i });
        await writeFile(join(directory, `x_${i}0.events`), bytes);
      }
      const release = holdPuts();
      const { writer } = createShippingWriter(directory, store, options());
      await until(() => store.count('put') > 0);
      expect(writer.stats().left).to.equal(2);
      writer.write('new');
      await turns();
      expect(writer.stats().records).to.equal(0);
      release();
      expect((await writer.close()).shipped).to.equal(3);
    });
  });

  describe('with a local file that is not what was sealed', () => {
    const onSealed = (change: (archive: SealedArchive) => Promise<void>) => ({
      handlers: [{ onSealed: change }],
    });

    it('stores nothing, keeps the file, and fails', async () => {
      const change = onSealed(({ path }) => appendFile(path, '!'));
      const { writer, failed } = createShippingWriter(directory, store, change);
      const error = await rejection(pipeline(Readable.from(['x']), writer));
      expect(error).to.be.instanceOf(ShippingPendingError);
      expect(error).to.have.nested.property('cause.code', 'ERR_ARCHIVE_CHANGED');
      expect([failed.length, keys()]).to.deep.equal([1, []]);
      expect(await readFile(join(directory, 'x_000000.events'), 'utf8')).to.match(/!$/);
    });

    it('reports a file that was removed, and has nothing left to do', async () => {
      const remove = onSealed(({ path }) => rm(path));
      const { writer, failed, shipped } = createShippingWriter(directory, store, remove);
      await pipeline(Readable.from(['x']), writer);
      expect(failed.map(({ error }) => Object(error).code)).to.deep.equal(['ERR_ARCHIVE_GONE']);
      expect([shipped, keys()]).to.deep.equal([[], []]);
    });

    it('does not mistake a missing file of the store for it', async () => {
      const failure = Object.assign(new Error('ENOENT: no such directory'), { code: 'ENOENT' });
      store.before = (operation) => {
        if (operation === 'put') throw failure;
      };
      const ship = { to: store, endTimeout: '10h' };
      const { writer, clock } = createShippingWriter(directory, store, { ship });
      const ending = rejection(pipeline(Readable.from(['x']), writer));
      const error = await passTime(clock, ending);
      expect(error).to.be.instanceOf(ShippingPendingError).and.to.have.property('cause', failure);
      expect(existsSync(join(directory, 'x_000000.events'))).to.equal(true);
    });

    it('counts an archive that another writer has just shipped and settled', async () => {
      const { head } = store;
      store.head = async (key) => {
        const found = await head.call(store, key);
        if (found !== null || store.objects.size > 0) return found;
        // The other writer ships after this answer: nothing is there yet.
        const path = join(directory, 'x_000000.events');
        store.objects.set(key, { bytes: gzipSync(await readFile(path)), metadata: {} });
        await rm(path);
        return null;
      };
      const { writer, shipped, failed } = createShippingWriter(directory, store);
      await pipeline(Readable.from(['x']), writer);
      expect([shipped.length, failed]).to.deep.equal([1, []]);
      expect([store.count('put'), keys()]).to.deep.equal([0, ['x_000000.events.gz']]);
    });
  });

  it('shares a directory with another writer that ships from it', async () => {
    const release = holdPuts();
    const payloads = ['a', 'b'].map((name) => numbered(name, 10));
    const ship = { to: store, endTimeout: '9999h' };
    const create = (template: string) => createShippingWriter(directory, store, { template, ship });
    const first = create('x_a[[SEQUENCE]].events');
    for (const payload of payloads[0] ?? []) first.writer.write(payload);
    const second = create('x_b[[SEQUENCE]].events');
    for (const payload of payloads[1] ?? []) second.writer.write(payload);
    await until(() => sealedFiles().length >= 20);
    const third = create(ANY_NAME);
    await until(() => third.writer.stats().left >= 20);
    release();
    const writers = [first, second, third];
    const closing = Promise.all(writers.map(({ writer }) => writer.close()));
    await until(async () => {
      // A writer looks again each second at an archive that another one ships.
      for (const { clock } of writers) clock.advance(1000);
      await turns(10);
      return writers.every(({ writer }) => writer.closed);
    });
    await closing;
    expect(store.count('put')).to.equal(20);
    for (const { failed } of [first, second, third]) expect(failed).to.deep.equal([]);
    const names = ['a', 'b'].flatMap((name) =>
      numbered('x', 10).map((x) => x.replace('-', `_${name}00000`)),
    );
    expect(keys()).to.deep.equal(names.map((name) => `${name}.events.gz`).sort());
    expect(readdirSync(directory)).to.deep.equal([]);
    expect((await storedPayloads()).sort()).to.deep.equal(payloads.flat().sort());
  });

  it('closes the store that it owns after all work has ended', async () => {
    for (const ownsStore of [true, false]) {
      const shipper = new Shipper({
        ...parseShipOptions({ to: store }),
        ...{
          store,
          ownsStore,
          isInPlace: false,
          directory,
          pattern: '*.events',
          areNamesOwn: true,
          doNamesHoldWriter: false,
          writesLines: false,
        },
        ...{ files: nodeFileLayer, clock: new FakeClock() },
      });
      await shipper.start({ onShipped() {}, onDropped() {}, onFailed() {} });
      await shipper.stop(new AbortController().signal);
      expect(store.isClosed).to.equal(ownsStore);
      store.isClosed = false;
    }
  });

  it('stores exactly the bytes that were sealed', async () => {
    const sealed = new Map<string, Buffer>();
    const { writer } = createShippingWriter(directory, store, {
      handlers: [
        { onSealed: async ({ name, path }) => void sealed.set(`${name}.gz`, await readFile(path)) },
      ],
    });
    await pipeline(Readable.from(numbered('v', 3)), writer);
    expect(keys()).to.deep.equal([...sealed.keys()].sort());
    for (const [key, { bytes }] of store.objects) {
      expect(gunzipSync(bytes).equals(sealed.get(key) ?? Buffer.alloc(0))).to.equal(true);
    }
  });
});
