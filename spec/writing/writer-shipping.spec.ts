import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream/promises';

import { expect } from 'chai';

import { ShippingPendingError } from '../../lib/errors/shipping-pending-error.js';
import { SpoolFullError } from '../../lib/errors/spool-full-error.js';
import type {
  ArchiveShipper,
  ShippableArchive,
  ShippingState,
} from '../../lib/writing/handlers/archive-shipper.js';
import { NOTHING_SHIPPED } from '../../lib/writing/handlers/archive-shipper.js';
import { rollByCount } from '../../lib/writing/policies/roll-policies.js';
import type { RollingWriteOptions } from '../../lib/writing/rolling-write-options.js';
import { RollingWriteStream } from '../../lib/writing/rolling-write-stream.js';
import { FakeClock } from '../support/fake-clock.js';
import { rejection } from '../support/store-tools.js';
import { Gate } from '../support/test-disk.js';
import { until } from '../support/until.js';
import { numbers, outcomeOf, payloadsOf } from '../support/writer-tools.js';

/** A shipper whose store takes an archive when the spec says so. */
class TestShipper implements ArchiveShipper {
  readonly starting = new Gate();
  readonly left: string[] = [];
  shipped = 0;
  isStarted = false;
  isStopped = false;
  isDraining = false;
  error: Error | undefined;
  room: (openBytes: number) => Promise<void> | null = () => null;
  checkRoom: (openBytes: number) => void = () => {};
  readonly #store = new Gate();

  async start(): Promise<void> {
    await this.starting.pass();
    this.isStarted = true;
  }

  adopt(): void {}

  add(archive: ShippableArchive): void {
    expect(this.isStarted).to.equal(true);
    this.left.push(archive.path);
  }

  /** The store takes all archives. */
  ship(): void {
    this.shipped += this.left.splice(0).length;
    this.#store.open();
  }

  async drain(signal: AbortSignal): Promise<ShippingState> {
    this.isDraining = true;
    const isAborted = new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      else signal.addEventListener('abort', () => resolve());
    });
    if (this.left.length > 0) await Promise.race([this.#store.pass(), isAborted]);
    return this.state();
  }

  state(): ShippingState {
    const evidence = { 'part-digests': 0, checksum: this.shipped, etag: 0, 'read-back': 0 };
    const { error, shipped } = this;
    return { ...NOTHING_SHIPPED, shipped, left: [...this.left], ...(error && { error }), evidence };
  }

  async stop(): Promise<void> {
    this.isStopped = true;
  }
}

describe('RollingWriteStream with a shipper', () => {
  let directory: string;
  let clock: FakeClock;
  let shipper: TestShipper;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'shoebox-shipper-'));
    clock = new FakeClock();
    shipper = new TestShipper();
    shipper.starting.open();
  });

  afterEach(() => rm(directory, { recursive: true, force: true }));

  const create = (options: Partial<RollingWriteOptions> = {}) =>
    new RollingWriteStream({ directory, clock, shipper, roll: rollByCount(2), ...options });

  it('gives it each sealed archive, in order, after the handlers are done', async () => {
    const paths: string[] = [];
    const writer = create({
      template: '[[SEQUENCE]].events',
      handlers: [{ onSealed: ({ path }) => void paths.push(path) }],
    });
    for (const payload of numbers(5)) writer.write(payload);
    writer.end();
    await until(() => shipper.isDraining);
    expect(shipper.left).to.deep.equal(paths);
    expect(paths.map((path) => basename(path))).to.deep.equal([
      '000000.events',
      '000001.events',
      '000002.events',
    ]);
    expect(writer.stats()).to.include({ left: 3, shipped: 0, sealed: 3 });
    shipper.ship();
    await once(writer, 'close');
    expect(writer.stats()).to.include({ left: 0, shipped: 3 });
    expect(shipper.isStopped).to.equal(true);
    expect(clock.pendingTimers).to.equal(0);
  });

  it('creates no file before the shipper has started, but takes records', async () => {
    shipper = new TestShipper();
    const writer = create();
    const opened = once(writer, 'open');
    writer.write('a');
    writer.write('b');
    expect(writer.stats().records).to.equal(2);
    await until(() => shipper.starting.waiting === 1);
    expect(await payloadsOf(directory)).to.deep.equal([]);
    shipper.starting.open();
    await opened;
    writer.end();
    await until(() => shipper.isDraining);
    shipper.ship();
    await once(writer, 'close');
  });

  it('waits for archives of an earlier writer, even if no record comes', async () => {
    shipper = new TestShipper();
    const writer = create();
    writer.end();
    await until(() => shipper.starting.waiting === 1);
    shipper.left.push('/spool/old.events');
    shipper.starting.open();
    await until(() => shipper.isDraining);
    expect(writer.writableFinished).to.equal(false);
    shipper.ship();
    await once(writer, 'close');
  });

  it('fails with the error of the start of the shipper', async () => {
    const failure = new Error('start');
    shipper.start = () => Promise.reject(failure);
    expect(await outcomeOf(create())).to.equal(failure);
    expect(shipper.isStopped).to.equal(true);
  });

  it('ends with a ShippingPendingError if the store does not take everything in time', async () => {
    shipper.error = new Error('store');
    const writer = create({ endTimeout: '60s' });
    let isDrained = false;
    writer.on('drained', () => {
      isDrained = true;
    });
    const written = rejection(pipeline(numbers(3), writer));
    await until(() => shipper.isDraining);
    expect(isDrained).to.equal(true);
    expect(clock.refTimers).to.equal(1);
    clock.advance(59_999);
    expect(writer.destroyed).to.equal(false);
    clock.advance(1);
    const error = await written;
    expect(error)
      .to.be.instanceOf(ShippingPendingError)
      .and.to.have.property('cause', shipper.error);
    expect(error).to.have.property('left').that.deep.equals(shipper.left);
    await until(() => writer.closed);
    expect(await payloadsOf(directory)).to.deep.equal(numbers(3));
    expect(clock.pendingTimers).to.equal(0);
  });

  it('resolves close() with the archives left at the deadline, even after end()', async () => {
    const writer = create({ endTimeout: '60s' });
    writer.end('a');
    await until(() => shipper.isDraining);
    const closing = writer.close({ deadlineMs: 10 });
    clock.advance(10);
    const result = await closing;
    expect(result).to.deep.include({ shipped: 0, left: shipper.left });
    expect(result.reason).to.include({ code: 'ERR_DEADLINE', deadlineMs: 10 });
    expect(shipper.left).to.have.length(1);
    expect(writer.errored).to.equal(null);
    expect(clock.pendingTimers).to.equal(0);
  });

  it('does not wait for the store once it is destroyed, even while it ends', async () => {
    const writer = create();
    const outcome = outcomeOf(writer);
    writer.end('a');
    await until(() => shipper.isDraining);
    writer.destroy();
    expect(await outcome).to.equal(undefined);
    expect([shipper.isStopped, clock.pendingTimers]).to.deep.equal([true, 0]);
    expect(await payloadsOf(directory)).to.deep.equal(['a']);
  });

  it('holds records back while the spool is full, and seals the open archive', async () => {
    const gate = new Gate();
    let isFull = false;
    shipper.room = () => (isFull ? gate.pass() : null);
    const writer = create();
    writer.write('0');
    isFull = true;
    writer.write('1');
    writer.write('2');
    await until(() => shipper.left.length === 1);
    expect(writer.stats()).to.include({ records: 1, pendingRecords: 2, sealed: 1 });
    isFull = false;
    gate.open();
    await until(() => writer.stats().records === 3);
    writer.end();
    await until(() => shipper.isDraining);
    shipper.ship();
    await once(writer, 'close');
    expect(await payloadsOf(directory)).to.deep.equal(numbers(3));
  });

  it('asks for room with the bytes of all archives that the shipper lacks', async () => {
    const asked: number[] = [];
    shipper.room = (openBytes) => {
      asked.push(openBytes);
      return null;
    };
    const handled = new Gate();
    const writer = create({ handlers: [{ onSealed: () => handled.pass() }] });
    const payload = 'x'.repeat(1000);
    for (let i = 0; i < 4; i++) writer.write(payload);
    await until(() => writer.stats().sealed === 2);
    const sealedBytes = writer.stats().sealedBytes;
    writer.write(payload);
    expect(asked.at(-1)).to.equal(sealedBytes);
    writer.write(payload);
    expect(asked.at(-1)).to.be.within(sealedBytes + 1000, sealedBytes + 1200);
    handled.open();
    await until(() => shipper.left.length === 3);
    writer.write(payload);
    expect(asked.at(-1)).to.equal(0);
    writer.end();
    await until(() => shipper.isDraining);
    shipper.ship();
    await once(writer, 'close');
  });

  it('refuses appends without room if the shipper says so, and continues', async () => {
    const failure = new SpoolFullError(10, 10);
    const writer = create();
    writer.write('0');
    shipper.checkRoom = () => {
      throw failure;
    };
    expect(() => writer.append('1')).to.throw(failure);
    await until(() => shipper.left.length === 1);
    shipper.checkRoom = () => {};
    writer.write('2');
    writer.end();
    await until(() => shipper.isDraining);
    shipper.ship();
    await once(writer, 'close');
    expect(await payloadsOf(directory)).to.deep.equal(['0', '2']);
  });

  it('fails with that error if the record was written, and seals the others', async () => {
    const failure = new SpoolFullError(10, 10);
    const writer = create();
    writer.write('0');
    shipper.checkRoom = () => {
      throw failure;
    };
    const outcome = outcomeOf(writer);
    writer.write('1');
    expect(await outcome).to.equal(failure);
    expect(await payloadsOf(directory)).to.deep.equal(['0']);
  });

  it('does not wait for room once it ends, and seals all written records', async () => {
    shipper.room = () => new Promise(() => {});
    const writer = create();
    for (const payload of numbers(5)) writer.write(payload);
    expect(writer.stats().records).to.equal(0);
    writer.end();
    await until(() => shipper.isDraining);
    shipper.ship();
    await once(writer, 'close');
    expect(await payloadsOf(directory)).to.deep.equal(numbers(5));
  });

  it('refuses the records that wait for room when it is destroyed', async () => {
    shipper.room = () => new Promise(() => {});
    const writer = create();
    const errors: unknown[] = [];
    for (const payload of numbers(3)) writer.write(payload, (error) => errors.push(error));
    const outcome = outcomeOf(writer);
    const failure = new Error('source');
    writer.destroy(failure);
    expect(await outcome).to.equal(failure);
    expect(errors).to.deep.equal([failure, failure, failure]);
    expect(await payloadsOf(directory)).to.deep.equal([]);
  });
});
