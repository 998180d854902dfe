import { createHook } from 'node:async_hooks';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { inspect } from 'node:util';

import { expect } from 'chai';

import { ArchiveError } from '../../../lib/errors/archive-error.js';
import { BacklogFullError } from '../../../lib/errors/backlog-full-error.js';
import { RecordError } from '../../../lib/errors/record-error.js';
import { createArchiveWriter } from '../../../lib/shipping/create-archive-writer.js';
import { deleteFile } from '../../../lib/writing/handlers/delete-file.js';
import { rollNever } from '../../../lib/writing/policies/roll-policies.js';
import type { RollingWriteOptions } from '../../../lib/writing/rolling-write-options.js';
import { RollingWriteStream } from '../../../lib/writing/rolling-write-stream.js';
import { FakeClock } from '../../support/fake-clock.js';
import { passTime } from '../../support/pass-time.js';
import { rejection } from '../../support/store-tools.js';
import { Gate, systemError, TestDisk } from '../../support/test-disk.js';
import { until } from '../../support/until.js';
import { catchUncaught, numbers, outcomeOf, payloadsOf } from '../../support/writer-tools.js';

describe('receipts', () => {
  let directory: string;
  let disk: TestDisk;
  let clock: FakeClock;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'shoebox-receipts-'));
    disk = new TestDisk();
    clock = new FakeClock();
  });

  afterEach(() => rm(directory, { recursive: true, force: true }));

  const create = (options: Partial<RollingWriteOptions> = {}) =>
    new RollingWriteStream({ directory, files: disk.files, clock, ...options });

  const count = (call: string) => disk.calls.filter((name) => name === call).length;

  describe('in console.log', () => {
    it('shows how safe the record is and what to await, without asking for anything', async () => {
      const writer = create();
      const receipt = writer.append({ payload: 'a' });
      const shown = () => inspect(receipt, { breakLength: Number.POSITIVE_INFINITY });
      const hint = "'to await': 'receipt.synced, .sealed or .shipped' }";
      expect(shown()).to.equal(`Receipt { reached: 'none, the record is in memory', ${hint}`);
      expect(count('sync')).to.equal(0);
      await receipt.synced;
      expect(shown()).to.equal(`Receipt { reached: 'synced', ${hint}`);
      expect(JSON.stringify({ receipt })).to.equal('{"receipt":{"reached":"synced"}}');
      await writer.close();
      expect(shown()).to.equal(`Receipt { reached: 'sealed', ${hint}`);
    });
  });

  describe('append', () => {
    it('says where the record is, once it is written', async () => {
      const writer = create();
      const [first, second] = ['a', 'b'].map((payload) => writer.append({ payload }));
      clock.advance(1000);
      const place = await first?.written;
      expect(place?.sequence).to.equal(0);
      expect(place?.archive).to.match(/^events_.*-000000\.events$/);
      expect(await second?.written).to.deep.equal({ archive: place?.archive, sequence: 1 });
      await writer.close();
    });

    it('gives the same promise each time, and settles it once the level is reached', async () => {
      const writer = create();
      const receipt = writer.append('a');
      expect(receipt.synced).to.equal(receipt.synced);
      await receipt.synced;
      await receipt.written;
      await writer.close();
      await receipt.sealed;
    });

    it('makes no promise for a receipt that the caller does not read', async () => {
      const writer = create();
      await writer.append('first').synced;
      let promises = 0;
      const hook = createHook({
        init: (_id, type) => {
          if (type === 'PROMISE') promises++;
        },
      });
      hook.enable();
      const receipts = numbers(1000).map((payload) => writer.append(payload));
      const ofAppends = promises;
      void receipts.at(-1)?.written;
      hook.disable();
      expect(ofAppends).to.equal(0);
      expect(promises).to.be.above(0);
      await writer.close();
      expect(await payloadsOf(directory)).to.have.length(1001);
    });

    it('reaches sealed when the archive has its final name', async () => {
      const writer = create({ template: 'x.events' });
      const receipt = writer.append('a');
      const sealed = receipt.sealed;
      await writer.roll();
      expect((await sealed).archive).to.equal('x.events');
      await writer.close();
    });

    it('gives no sequence in version 1', async () => {
      const writer = create({ format: 'v1' });
      const place = await writer.append('a').synced;
      expect(place.sequence).to.equal(undefined);
      await writer.close();
    });

    it('refuses an invalid record at once, whatever `invalid` is', async () => {
      const writer = create({ invalid: 'skip' });
      expect(() => writer.append({ payload: 'lone \ud800' })).to.throw(RecordError);
      await writer.append('good').synced;
      await writer.close();
      expect(writer.stats()).to.include({ records: 1, skipped: 0 });
      expect(await payloadsOf(directory)).to.deep.equal(['good']);
    });

    it('refuses after the end', async () => {
      const writer = create();
      await writer.close();
      expect(() => writer.append('late'))
        .to.throw(ArchiveError)
        .with.property('code', 'ERR_ENDED');
    });
  });

  describe('while the disk is slow', () => {
    let gate: Gate;

    beforeEach(() => {
      gate = new Gate();
      disk.hook = (call) => (call === 'write' ? gate.pass() : undefined);
    });

    /** Writes until both slabs are full and a record waits. */
    async function fill(writer: RollingWriteStream): Promise<number> {
      const payload = 'x'.repeat(64 * 1024);
      let records = 0;
      do {
        writer.write(payload);
        records++;
      } while (writer.writableLength === 0);
      return records;
    }

    it('takes its turn after earlier records, and copies what it needs', async () => {
      const writer = create();
      const before = await fill(writer);
      const bytes = Buffer.from('mine');
      const metadata = { key: 'before' };
      const receipt = writer.append({ payload: bytes, metadata });
      bytes.fill('?');
      metadata.key = 'after';
      writer.write('behind');
      const written = receipt.written;
      gate.open();
      await until(() => writer.writableLength === 0);
      clock.advance(1000);
      expect((await written).sequence).to.equal(before);
      await writer.close();
      const payloads = await payloadsOf(directory);
      expect(payloads.slice(before)).to.deep.equal(['mine', 'behind']);
    });

    it('refuses an invalid record before its turn', async () => {
      const writer = create();
      const before = await fill(writer);
      const metadata = { key: 'lone \udc00' };
      expect(() => writer.append({ payload: 'x', metadata })).to.throw(RecordError, 'key');
      gate.open();
      await writer.close();
      expect(writer.stats().records).to.equal(before);
    });

    it('throws a BacklogFullError beyond maxPendingBytes until ready settles', async () => {
      const writer = create({ maxPendingBytes: '100 KiB' });
      await fill(writer);
      const payload = 'y'.repeat(40 * 1024);
      let appended = 0;
      const append = () => {
        for (;;) {
          writer.append(payload);
          appended++;
        }
      };
      expect(append).to.throw(BacklogFullError).with.property('maxPendingBytes', 102_400);
      expect(appended).to.be.within(1, 3);
      let isReady = false;
      const ready = writer.ready().then(() => {
        isReady = true;
      });
      await new Promise((resolve) => setImmediate(resolve));
      expect(isReady).to.equal(false);
      gate.open();
      await ready;
      const receipt = writer.append('more');
      await writer.close();
      await receipt.sealed;
      expect((await payloadsOf(directory)).slice(-1)).to.deep.equal(['more']);
    });

    it('rejects the receipts of records that are never taken', async () => {
      const writer = create();
      await fill(writer);
      const receipt = writer.append('never');
      const outcome = outcomeOf(writer);
      const failure = new Error('enough');
      writer.destroy(failure);
      gate.open();
      expect(await outcome).to.equal(failure);
      expect(await rejection(receipt.written)).to.be.an('error');
      expect(await payloadsOf(directory)).to.not.include('never');
    });
  });

  describe('synced', () => {
    for (const sync of ['no', 'everysec', 'always'] as const) {
      it(`forces one sync for all callers that wait, with sync: '${sync}'`, async () => {
        const writer = create({ sync });
        const receipts = numbers(256).map((payload) => writer.append({ payload }));
        await Promise.all(receipts.map((receipt) => receipt.synced));
        expect(count('datasync')).to.equal(1);
        // Without a sync of its name, the file and all its bytes can be gone after a power loss.
        expect(disk.calls.indexOf('syncDirectory')).to.be.greaterThan(
          disk.calls.indexOf('datasync'),
        );
        await writer.close();
      });
    }

    it('takes one sync per round for callers that each wait for their own record', async () => {
      const writer = create();
      const round = async () => {
        for (let i = 0; i < 20; i++) await writer.append(`${i}`).synced;
      };
      await Promise.all(Array.from({ length: 100 }, round));
      expect(count('datasync')).to.equal(20);
      await writer.close();
    });

    it('lets callers that come during a sync share the next one', async () => {
      const gate = new Gate();
      disk.hook = (call) => (call === 'datasync' ? gate.pass() : undefined);
      const writer = create();
      const first = writer.append('first').synced;
      await until(() => gate.waiting === 1);
      const receipts = numbers(100).map((payload) => writer.append(payload));
      const others = receipts.map((receipt) => receipt.synced);
      await Promise.all(receipts.map((receipt) => receipt.written));
      gate.letOne();
      await first;
      await until(() => gate.waiting === 1);
      gate.open();
      await Promise.all(others);
      expect(count('datasync')).to.equal(2);
      await writer.close();
    });

    it('settles even if more bytes wait for it than may be unsynced', async () => {
      const writer = create({ maxUnsyncedBytes: '2 MiB' });
      const receipts = numbers(800).map((payload) => writer.append(payload.padEnd(10_000)));
      // The caller waits before any record is written.
      await receipts.at(-1)?.synced;
      await writer.close();
    });

    it('needs no sync if the record was synced for another caller', async () => {
      const writer = create();
      const receipts = numbers(2).map((payload) => writer.append(payload));
      await receipts[1]?.synced;
      await receipts[0]?.synced;
      expect(count('datasync')).to.equal(1);
      await writer.close();
    });

    it('settles with the seal of a complete archive', async () => {
      const writer = create();
      const receipt = writer.append('a');
      await writer.roll();
      await receipt.synced;
      expect(count('datasync')).to.equal(0);
      await writer.close();
    });

    it('settles with a seal once the directory is synced, too', async () => {
      const gate = new Gate();
      disk.hook = (call) => (call === 'syncDirectory' ? gate.pass() : undefined);
      const writer = create();
      const receipt = writer.append('a');
      void writer.roll();
      let isSynced = false;
      const synced = receipt.synced.then(() => {
        isSynced = true;
      });
      await until(() => gate.waiting === 1);
      expect([count('datasync'), count('sync')]).to.deep.equal([0, 1]);
      expect(isSynced).to.equal(false);
      gate.open();
      await synced;
      await writer.close();
    });
  });

  describe('the option sync', () => {
    it("'no' syncs nothing until the archive is sealed", async () => {
      const writer = create({ sync: 'no' });
      writer.write('a');
      clock.advance(1000);
      await until(() => count('write') === 1);
      clock.advance(60_000);
      expect(count('datasync') + count('sync')).to.equal(0);
      await writer.close();
      expect(count('sync')).to.equal(1);
    });

    it("'everysec' syncs a second after a write, and not again without another", async () => {
      const writer = create({ sync: 'everysec', roll: rollNever() });
      writer.write('a');
      clock.advance(1000);
      await until(() => count('write') === 1);
      expect(count('datasync')).to.equal(0);
      await until(() => clock.pendingTimers > 0);
      clock.advance(1000);
      await until(() => count('datasync') === 1);
      clock.advance(60_000);
      await new Promise((resolve) => setImmediate(resolve));
      expect(count('datasync')).to.equal(1);
      await writer.close();
    });

    it("'always' calls back after the sync, one for all records that waited", async () => {
      const gate = new Gate();
      disk.hook = (call) => (call === 'datasync' ? gate.pass() : undefined);
      const writer = create({ sync: 'always' });
      let called = 0;
      for (const payload of numbers(500)) writer.write(payload, () => called++);
      await until(() => gate.waiting === 1);
      expect(called).to.equal(0);
      gate.letOne();
      await until(() => called === 1);
      await until(() => gate.waiting === 1);
      gate.open();
      await until(() => called === 500);
      expect(count('datasync')).to.equal(2);
      await writer.close();
      expect(await payloadsOf(directory)).to.deep.equal(numbers(500));
    });

    it("'always' commits in groups through a pipe", async () => {
      const writer = create({ sync: 'always' });
      await pipeline(Readable.from(numbers(5000)), writer);
      expect(await payloadsOf(directory)).to.deep.equal(numbers(5000));
      expect(count('datasync')).to.be.within(1, 500);
    });

    it('refuses other words', () => {
      const options = { sync: 'sometimes' } as unknown as Partial<RollingWriteOptions>;
      expect(() => create(options)).to.throw(TypeError, '"sometimes"');
    });
  });

  describe('shipped', () => {
    it('rejects at once if nothing is shipped, and is not an unhandled rejection', async () => {
      const stop = catchUncaught();
      try {
        const writer = create();
        const receipt = writer.append('a');
        expect(await rejection(receipt.shipped)).to.include({ code: 'ERR_NOT_SHIPPED' });
        void writer.append('nobody waits').shipped;
        await writer.close();
        await new Promise((resolve) => setImmediate(resolve));
      } finally {
        expect(stop()).to.deep.equal([]);
      }
    });

    it('settles when the store has confirmed the archive', async () => {
      const writer = createArchiveWriter({ directory, ship: { to: join(directory, 'store') } });
      const receipt = writer.append('a');
      const shipped = receipt.shipped;
      await writer.flush({ until: 'shipped' });
      const place = await shipped;
      expect(await payloadsOf(join(directory, 'store', `${place.archive}.gz`))).to.deep.equal([
        'a',
      ]);
      await writer.close();
    });

    it('rejects when a handler has removed the archive', async () => {
      const { onSealed } = deleteFile();
      const writer = createArchiveWriter({
        directory,
        handlers: [{ name: 'sweep', ...(onSealed === undefined ? {} : { onSealed }) }],
        ship: { to: join(directory, 'store') },
      });
      const { shipped } = writer.append('a');
      await writer.roll();
      expect(await rejection(shipped)).to.include({ code: 'ERR_NOT_SHIPPED' });
      await writer.close();
    });
  });

  describe('when the disk fails', () => {
    for (const call of ['open', 'write', 'datasync', 'syncDirectory', 'link']) {
      it(`rejects the levels that can no longer be reached after a failed ${call}`, async () => {
        const stop = catchUncaught();
        // No EINVAL: a file system that cannot sync directories answers that.
        const failure = systemError('ENAMETOOLONG', call);
        disk.hook = (name) => {
          if (name === call) throw failure;
        };
        try {
          const writer = create();
          const outcome = outcomeOf(writer);
          const receipt = writer.append('a');
          const nobodyWaits = writer.append('b');
          void nobodyWaits.sealed;
          if (call === 'link') void writer.roll();
          else void receipt.synced;
          expect(await outcome).to.equal(failure);
          expect(await rejection(receipt.sealed)).to.equal(failure);
          expect(await rejection(nobodyWaits.sealed)).to.equal(failure);
          await new Promise((resolve) => setImmediate(resolve));
        } finally {
          expect(stop()).to.deep.equal([]);
        }
        expect(disk.openFiles).to.equal(0);
      });
    }
  });

  describe('synced, if a write fails during the sync', () => {
    for (const sync of ['no', 'everysec'] as const) {
      it(`settles once its bytes are in another file and synced there (sync: '${sync}')`, async () => {
        const gate = new Gate();
        let isFailing = false;
        disk.hook = (call) => {
          if (call === 'write' && isFailing) throw systemError('EIO', call);
          return call === 'datasync' ? gate.pass() : undefined;
        };
        const writer = create({ sync });
        const first = writer.append('first');
        let isSynced = false;
        const synced = first.synced.then(() => {
          isSynced = true;
        });
        await until(() => gate.waiting === 1);
        isFailing = true;
        const second = writer.append('second');
        const stalled = once(writer, 'stalled');
        clock.advance(1000);
        await stalled;
        isFailing = false;
        gate.letOne();
        await until(() => gate.waiting === 1);
        expect(isSynced).to.equal(false);
        gate.open();
        await synced;
        await passTime(clock, second.synced);
        await writer.close();
        expect(await payloadsOf(join(directory, '*.events'))).to.deep.equal(['first', 'second']);
      });
    }
  });

  describe('flush', () => {
    it('settles when all records so far are synced, including those that wait', async () => {
      const gate = new Gate();
      disk.hook = (call) => (call === 'write' ? gate.pass() : undefined);
      const writer = create();
      const payload = 'x'.repeat(64 * 1024);
      for (let i = 0; i < 100; i++) writer.write(payload);
      const flushed = writer.flush();
      gate.open();
      await flushed;
      expect(writer.stats().records).to.equal(100);
      expect(count('datasync')).to.be.at.least(1);
      await writer.close();
    });

    it('does nothing without a record', async () => {
      const writer = create();
      await writer.flush();
      await writer.flush({ until: 'sealed' });
      expect(writer.stats()).to.include({ records: 0, sealed: 0 });
      expect(await readdir(directory)).to.deep.equal([]);
      await writer.close();
    });

    it('seals the archive for a caller that waits for sealed', async () => {
      const writer = create();
      writer.write('a');
      await writer.flush({ until: 'sealed' });
      expect(writer.stats().sealed).to.equal(1);
      await writer.close();
    });

    it('rejects with what ends the stream', async () => {
      const failure = systemError('EINVAL', 'datasync');
      disk.hook = (call) => {
        if (call === 'datasync') throw failure;
      };
      const writer = create();
      const outcome = outcomeOf(writer);
      writer.write('a');
      expect(await rejection(writer.flush())).to.equal(failure);
      expect(await outcome).to.equal(failure);
    });
  });
});
