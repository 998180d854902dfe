import { readdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect } from 'chai';

import { SpoolFullError } from '../../lib/errors/spool-full-error.js';
import { KeyTemplate } from '../../lib/shipping/key-template.js';
import type { WhenFull } from '../../lib/shipping/ship-options.js';
import { ShipQueue } from '../../lib/shipping/ship-queue.js';
import { Shipment } from '../../lib/shipping/shipment.js';
import { SpoolLimit } from '../../lib/shipping/spool-limit.js';
import { createCompression } from '../../lib/streams/compression/compression.js';
import { FakeClock } from '../support/fake-clock.js';
import { MemoryStore } from '../support/memory-store.js';
import { TemporaryDirectories } from '../support/series.js';
import { turns } from '../support/shipping-writer.js';
import { systemError, TestDisk } from '../support/test-disk.js';

const MAX_BYTES = 100;
const ARCHIVE_BYTES = 40;

describe('SpoolLimit', () => {
  const directories = new TemporaryDirectories();
  let directory: string;
  let disk: TestDisk;
  let queue: ShipQueue;
  let dropped: string[];
  let failed: string[];

  beforeEach(async () => {
    directory = await directories.make();
    disk = new TestDisk();
    // The turn of the first shipment lasts for as long as the spec.
    queue = new ShipQueue({
      concurrency: 1,
      clock: new FakeClock(),
      ship: () => new Promise(() => {}),
    });
    dropped = [];
    failed = [];
  });

  afterEach(() => directories.remove());

  function create(whenFull: WhenFull): SpoolLimit {
    return new SpoolLimit(queue, {
      maxBytes: MAX_BYTES,
      whenFull,
      files: disk.files,
      onDropped: ({ name }) => void dropped.push(name),
      onFailed: ({ name }) => void failed.push(name),
    });
  }

  async function add(...names: readonly string[]): Promise<void> {
    for (const name of names) {
      const path = join(directory, name);
      await writeFile(path, Buffer.alloc(ARCHIVE_BYTES));
      const archive = { path, name, bytes: ARCHIVE_BYTES };
      queue.add(
        Shipment.ofLeft(archive, {
          ...{ store: new MemoryStore(), files: disk.files, keys: new KeyTemplate('[[NAME]]') },
          compression: createCompression({}),
          ...{ arePlainKeysOwn: true, localFile: 'delete', onToleratedFailure() {} },
          signal: new AbortController().signal,
        }),
      );
    }
  }

  for (const whenFull of ['block', 'error', 'drop-oldest'] as const) {
    it(`has room for a record below the limit, with whenFull '${whenFull}'`, async () => {
      const limit = create(whenFull);
      await add('a', 'b');
      expect(limit.room(19)).to.equal(null);
      expect(() => limit.check(19)).to.not.throw();
      expect(readdirSync(directory)).to.deep.equal(['a', 'b']);
    });
  }

  describe("with whenFull 'block'", () => {
    it('makes records wait from the limit on, until the queue changes', async () => {
      const limit = create('block');
      await add('a', 'b');
      const [first = expect.fail()] = queue.entries;
      let hasChanged = false;
      void limit.room(20)?.then(() => {
        hasChanged = true;
      });
      await turns();
      expect(hasChanged).to.equal(false);
      queue.remove(first);
      queue.notify();
      await turns(1);
      expect(hasChanged).to.equal(true);
      expect(limit.room(20)).to.equal(null);
    });

    it('refuses and drops nothing', async () => {
      const limit = create('block');
      await add('a', 'b', 'c');
      void limit.room(0);
      await limit.idle();
      expect(() => limit.check(0)).to.not.throw();
      expect([dropped, limit.dropped]).to.deep.equal([[], 0]);
    });
  });

  describe("with whenFull 'error'", () => {
    it('refuses records from the limit on instead of making them wait', async () => {
      const limit = create('error');
      await add('a', 'b');
      expect(limit.room(20)).to.equal(null);
      expect(() => limit.check(20))
        .to.throw(SpoolFullError)
        .that.includes({ spoolBytes: 100, maxSpoolBytes: 100 });
    });
  });

  describe("with whenFull 'drop-oldest'", () => {
    it('deletes the oldest archives that are not being sent, until there is room', async () => {
      const limit = create('drop-oldest');
      await add('a', 'b', 'c', 'd');
      await limit.room(0);
      await limit.idle();
      expect([dropped, limit.dropped]).to.deep.equal([['b', 'c'], 2]);
      expect(readdirSync(directory)).to.deep.equal(['a', 'd']);
      expect([queue.bytes, limit.room(0)]).to.deep.equal([80, null]);
    });

    it('syncs the directory and deletes the journal before it wakes its callers', async () => {
      const limit = create('drop-oldest');
      await add('a', 'b', 'c');
      disk.calls.length = 0;
      await limit.room(0);
      expect(disk.calls).to.deep.equal(['unlink', 'syncDirectory', 'unlink']);
    });

    it('deletes no more archives for a second record that asks at the same time', async () => {
      const limit = create('drop-oldest');
      await add('a', 'b', 'c', 'd');
      await Promise.all([limit.room(0), limit.room(0)]);
      await limit.idle();
      expect(dropped).to.deep.equal(['b', 'c']);
    });

    it('does not wake its callers if nothing can be dropped: they would spin', async () => {
      const limit = create('drop-oldest');
      await add('a');
      let wakes = 0;
      void limit.room(MAX_BYTES)?.then(() => wakes++);
      await limit.idle();
      await turns();
      expect([wakes, dropped]).to.deep.equal([0, []]);
    });

    it('reports a file that it cannot delete, and leaves the archive to be shipped', async () => {
      disk = new TestDisk((call) => {
        if (call === 'unlink') throw systemError('EACCES', call);
      });
      const limit = create('drop-oldest');
      await add('a', 'b', 'c');
      void limit.room(0);
      await limit.idle();
      expect([failed, dropped, queue.bytes]).to.deep.equal([['b'], [], 120]);
      expect(queue.entries[1]).to.include({ state: 'paused', failures: 1 });
    });
  });
});
