import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

import { expect } from 'chai';

import { nodeFileLayer } from '../../lib/files/file-layer.js';
import { createThreadDigest } from '../../lib/streams/hashing-thread.js';
import { rollByCount, rollBySize, rollNever } from '../../lib/writing/policies/roll-policies.js';
import type { RollingWriteOptions } from '../../lib/writing/rolling-write-options.js';
import { RollingWriteStream } from '../../lib/writing/rolling-write-stream.js';
import { SLAB_BYTES } from '../../lib/writing/sink/slab-keeper.js';
import { Gate, TestDisk } from '../support/test-disk.js';
import { until } from '../support/until.js';
import { outcomeOf, payloadsOf } from '../support/writer-tools.js';

const MIB = 2 ** 20;

/** 128 such records make a slab. */
const RECORD_BYTES = 16 * 2 ** 10;

/** Two slabs, each with the rest of a block and of a record, and the overhead of the frames. */
const MOST_ACCEPTED_BYTES = 2 * (SLAB_BYTES + 128 * 2 ** 10 + RECORD_BYTES) + 2 ** 16;

describe('RollingWriteStream with a slow disk', () => {
  let directory: string;
  let gate: Gate;
  let disk: TestDisk;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'shoebox-slow-'));
    gate = new Gate();
    disk = new TestDisk((call) => (call === 'write' ? gate.pass() : undefined));
  });

  afterEach(() => rm(directory, { recursive: true, force: true }));

  const create = (options: Partial<RollingWriteOptions> = {}) =>
    new RollingWriteStream({ directory, files: disk.files, ...options });

  const payload = 'x'.repeat(RECORD_BYTES);

  /** Bytes that are accepted and not on disk. */
  const acceptedBytes = (writer: RollingWriteStream) =>
    writer.stats().records * RECORD_BYTES - disk.writtenBytes;

  it('accepts no more than two slabs until the disk takes one', async () => {
    const writer = create();
    let called = 0;
    const write = () => writer.write(payload, () => called++);
    while (write());
    await until(() => gate.waiting === 1);
    await new Promise((resolve) => setImmediate(resolve));
    expect(called).to.equal(writer.stats().records);
    expect(acceptedBytes(writer)).to.be.within(2 * SLAB_BYTES - RECORD_BYTES, MOST_ACCEPTED_BYTES);
    const accepted = called;
    gate.letOne();
    await until(() => called > accepted);
    await until(() => gate.waiting === 1);
    expect(acceptedBytes(writer)).to.be.at.most(MOST_ACCEPTED_BYTES);
    gate.open();
    await writer.close();
    expect(await payloadsOf(directory)).to.have.length(writer.stats().records);
  });

  it('lets a source wait before records fill the buffer of the stream', async () => {
    const writer = create();
    let drains = 0;
    writer.on('drain', () => drains++);
    for (let round = 1; round <= 3; round++) {
      while (writer.write(payload)) expect(writer.writableNeedDrain).to.equal(false);
      expect(writer.writableNeedDrain).to.equal(true);
      expect(writer.stats().pendingRecords).to.equal(0);
      expect(acceptedBytes(writer)).to.be.at.most(MOST_ACCEPTED_BYTES);
      const drained = once(writer, 'drain');
      await until(() => gate.waiting === 1);
      gate.letOne();
      await drained;
      expect(drains).to.equal(round);
    }
    while (writer.write(payload));
    expect(writer.write(payload)).to.equal(false);
    gate.open();
    await writer.close();
    expect(drains).to.be.at.most(4);
    expect(await payloadsOf(directory)).to.have.length(writer.stats().records);
  });

  it('takes the records of a source that does not wait', async () => {
    const writer = create();
    const count = 400;
    for (let i = 0; i < count; i++) writer.write(payload);
    expect(writer.stats().pendingRecords).to.be.above(0);
    const drained = once(writer, 'drain');
    gate.open();
    await drained;
    await writer.close();
    expect(await payloadsOf(directory)).to.have.length(count);
  });

  for (const roll of [undefined, rollBySize('300 kB'), rollByCount(200)]) {
    it(`keeps to two slabs of memory (${roll ? 'rolling' : 'one archive'})`, async () => {
      const writer = create(roll === undefined ? {} : { roll });
      // More than three slabs.
      const count = 400;
      let given = 0;
      const written = pipeline(async function* () {
        for (; given < count; given++) yield payload;
      }, writer);
      let most = 0;
      while (disk.writtenBytes < count * RECORD_BYTES) {
        await until(() => gate.waiting > 0);
        most = Math.max(most, acceptedBytes(writer));
        expect(given - writer.stats().records).to.be.at.most(1025);
        gate.letOne();
      }
      gate.open();
      await written;
      expect(most).to.be.at.most(MOST_ACCEPTED_BYTES);
      expect((await payloadsOf(directory)).length).to.equal(count);
      expect(disk.openFiles).to.equal(0);
    });
  }

  it('holds records back if the digest is slower than the disk', async () => {
    gate.open();
    const writer = create({ sync: 'no', roll: rollNever() });
    const blocker = createThreadDigest();
    const big = Buffer.from(new SharedArrayBuffer(128 * MIB));
    // The thread works in order, so that it reads no slab before these bytes.
    const blocking = Array.from({ length: 5 }, () => blocker.update(big));
    let isBlocked = true;
    const freed = Promise.all(blocking).then(() => {
      isBlocked = false;
      return disk.writtenBytes;
    });
    while (isBlocked && writer.stats().records < 100 * 64) {
      if (!writer.write(payload)) await Promise.race([once(writer, 'drain'), freed]);
    }
    expect(await freed).to.be.at.most(12 * MIB);
    await writer.close();
    blocker.release();
    expect(await payloadsOf(directory)).to.have.length(writer.stats().records);
  });

  it('holds records back while too many archives wait to be sealed', async () => {
    const syncs = new Gate();
    disk.hook = (call) => (call === 'sync' ? syncs.pass() : undefined);
    const writer = create({ roll: rollByCount(1) });
    for (let i = 0; i < 20; i++) writer.write(String(i));
    // The files of four archives, each with its lease.
    await until(() => syncs.waiting === 1 && disk.openFiles === 8);
    // Enough time for the disk to take all of them.
    for (let i = 0; i < 100; i++) await nodeFileLayer.stat(directory);
    expect(disk.openFiles).to.equal(8);
    expect(writer.stats().records).to.be.below(8);
    syncs.open();
    await writer.close();
    expect(await payloadsOf(directory)).to.have.length(20);
  });

  it('returns false from the write that exceeds maxPendingBytes, and then drains', async () => {
    const writer = create({ maxPendingBytes: 10 * RECORD_BYTES });
    let drains = 0;
    writer.on('drain', () => drains++);
    let writes = 0;
    writer.cork();
    do writes++;
    while (writer.write(payload));
    const queued = writer.writableLength;
    expect(queued).to.be.within(9, 11);
    expect(writer.writableNeedDrain).to.equal(false);
    expect(writer.write(payload)).to.equal(false);
    expect(drains).to.equal(0);
    gate.open();
    writer.uncork();
    await once(writer, 'drain');
    expect(writer.writableLength).to.equal(0);
    expect(writer.write(payload)).to.equal(true);
    await writer.close();
    expect(drains).to.equal(1);
    expect(await payloadsOf(directory)).to.have.length(writes + 2);
  });

  it('emits drain once if both limits were reached', async () => {
    const writer = create({ maxPendingBytes: 100 });
    let drains = 0;
    writer.on('drain', () => drains++);
    for (let i = 0; i < 1300; i++) writer.write(payload);
    expect(writer.writableNeedDrain).to.equal(true);
    gate.open();
    await once(writer, 'drain');
    await writer.close();
    expect(drains).to.equal(1);
    expect(writer.stats().records).to.equal(1300);
  });

  for (const maxPendingBytes of [0, 5000, 10 * RECORD_BYTES]) {
    it(`lets pipeline and pipe complete with maxPendingBytes ${maxPendingBytes}`, async () => {
      const payloads = Array.from({ length: 400 }, (_, i) => `${i} ${payload}`);
      const first = create({ maxPendingBytes, template: 'first.events' });
      const second = create({ maxPendingBytes, template: 'second.events' });
      const piped = once(Readable.from(payloads).pipe(second), 'close');
      const written = Promise.all([
        pipeline(async function* () {
          yield* payloads;
        }, first),
        piped,
      ]);
      const isDone = written.then(() => true);
      let hasEnded = false;
      void isDone.then(() => {
        hasEnded = true;
      });
      while (!hasEnded) {
        await until(() => hasEnded || gate.waiting > 0);
        gate.letOne();
      }
      expect(await payloadsOf(first.pattern)).to.deep.equal(payloads);
      expect(await payloadsOf(second.pattern)).to.deep.equal(payloads);
    });
  }

  it('counts a record whose getter throws, and reports the error when its turn comes', async () => {
    const writer = create({ maxPendingBytes: 1000 });
    while (writer.write(payload));
    const failure = new Error('getter');
    const record = {
      get payload(): string {
        throw failure;
      },
    };
    const told = new Promise((resolve) => writer.write(record, resolve));
    const outcome = outcomeOf(writer);
    gate.open();
    expect(await told).to.equal(failure);
    expect(await outcome).to.equal(failure);
  });
});
