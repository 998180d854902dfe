import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

import { expect } from 'chai';

import { RecordError } from '../../lib/errors/record-error.js';
import { type ReplayOptions, replay } from '../../lib/streams/replay.js';
import { decodeArchive } from '../support/decode-archive.js';
import { encodeBlocks } from '../support/encode-archive.js';
import { FakeClock } from '../support/fake-clock.js';
import { rejection } from '../support/store-tools.js';
import { until } from '../support/until.js';
import { SlowSink, settle } from './stream-tools.js';

interface Timed {
  readonly payload: string;
  readonly time?: number;
}

/** Records at these times, in ms; undefined: without a time. */
function recordsAt(...times: readonly (number | undefined)[]): Timed[] {
  return times.map((time, i) => ({ payload: String(i), ...(time !== undefined && { time }) }));
}

/** The arrival of each record, in ms after the first. The clock advances by `stepMs` at a time. */
async function arrivals(records: Timed[], options: ReplayOptions = {}, stepMs = 1) {
  const clock = new FakeClock();
  const stream = Readable.from(records).pipe(replay<Timed>({ ...options, clock }));
  const start = clock.now();
  const found: number[] = [];
  stream.on('data', ({ payload }) => {
    expect(payload).to.equal(String(found.length));
    found.push(clock.now() - start);
  });
  let isOver = false;
  stream.on('end', () => {
    isOver = true;
  });
  await settle();
  await until(async () => {
    clock.advance(stepMs);
    await settle();
    return isOver;
  });
  expect(clock.pendingTimers).to.equal(0);
  return found;
}

describe('replay', () => {
  it('gives records at the pace of their times', async () => {
    expect(await arrivals(recordsAt(1000, 1010, 1010, 1040))).to.deep.equal([0, 10, 10, 40]);
  });

  it('is as many times as fast as `speed` says', async () => {
    const records = recordsAt(0, 20, 60);
    expect(await arrivals(records, { speed: 2 })).to.deep.equal([0, 10, 30]);
    expect(await arrivals(records, { speed: 0.5 })).to.deep.equal([0, 40, 120]);
    expect(await arrivals(records, { speed: Number.POSITIVE_INFINITY })).to.deep.equal([0, 0, 0]);
  });

  it('waits no longer than `maxPause` in real time, and keeps the distances after a pause', async () => {
    const records = recordsAt(0, 3_600_000, 3_600_010, 3_600_020);
    expect(await arrivals(records, { maxPause: 50 })).to.deep.equal([0, 50, 60, 70]);
    expect(await arrivals(records, { maxPause: '50ms', speed: 10 })).to.deep.equal([0, 50, 51, 52]);
    expect(await arrivals(records, { maxPause: 0 })).to.deep.equal([0, 0, 0, 0]);
  });

  it('waits for no record without a time, nor for times that go back', async () => {
    const records = recordsAt(undefined, 100, 90, undefined, 95, 110);
    expect(await arrivals(records)).to.deep.equal([0, 0, 0, 0, 0, 10]);
  });

  it('keeps the pace with times that are closer than a timer can wait', async () => {
    const records = recordsAt(...Array.from({ length: 100 }, (_, i) => i / 10));
    const found = await arrivals(records, {}, 1);
    expect(found.at(-1)).to.be.within(9, 11);
  });

  it('catches up with a reader that was slow', async () => {
    const clock = new FakeClock();
    const stream = Readable.from(recordsAt(0, 10, 20, 30)).pipe(replay<Timed>({ clock }));
    await settle();
    expect(stream.read()).to.include({ payload: '0' });
    clock.advance(10);
    await settle();
    clock.advance(10);
    await settle();
    expect([stream.read(), stream.read()].map((record) => record?.payload)).to.deep.equal([
      '1',
      '2',
    ]);
    clock.advance(9);
    await settle();
    expect(stream.read()).to.equal(null);
    clock.advance(1);
    await settle();
    expect(stream.read()).to.include({ payload: '3' });
    stream.destroy();
  });

  it('takes no more records than its buffers hold while it waits', async () => {
    let given = 0;
    const source = new Readable({
      objectMode: true,
      highWaterMark: 1,
      read() {
        this.push({ payload: '', time: 1000 * given++ });
      },
    });
    const clock = new FakeClock();
    const stream = source.pipe(replay<Timed>({ clock }));
    stream.resume();
    await settle();
    expect(given).to.be.at.most(20);
    source.destroy();
    stream.destroy();
    await settle();
    expect(clock.pendingTimers).to.equal(0);
  });

  it('waits for its own pause only if the clock jumps back', async () => {
    const clock = new FakeClock();
    const stream = Readable.from(recordsAt(0, 10, 20)).pipe(replay<Timed>({ clock }));
    const found: string[] = [];
    stream.on('data', ({ payload }) => found.push(payload));
    await settle();
    clock.jumpTo(clock.now() - 3_600_000);
    clock.advance(10);
    await settle();
    clock.advance(10);
    await settle();
    expect(found).to.deep.equal(['0', '1', '2']);
  });

  it('keeps the process alive while it waits, and ends its timer when destroyed', async () => {
    const clock = new FakeClock();
    const stream = Readable.from(recordsAt(0, 10)).pipe(replay<Timed>({ clock }));
    stream.resume();
    await settle();
    expect(clock.refTimers).to.equal(1);
    stream.destroy();
    await settle();
    expect(clock.pendingTimers).to.equal(0);
  });

  it('gives the records of an archive as they are', async () => {
    const records = decodeArchive(encodeBlocks([{ payload: '1' }, { payload: '2' }]));
    const sink = new SlowSink();
    await pipeline(Readable.from(records), replay({ speed: Number.POSITIVE_INFINITY }), sink);
    expect(sink.chunks).to.deep.equal(records);
  });

  it('ends with an error for what is no time, after the records before it', async () => {
    const sink = new SlowSink();
    const records = [
      { payload: '0', time: 0 },
      { payload: '1', time: Number.NaN },
    ];
    const failure = await rejection(pipeline(Readable.from(records), replay(), sink));
    expect(failure).to.be.instanceOf(RecordError);
    expect(sink.chunks).to.have.length(1);
  });

  for (const options of [
    { speed: 0 },
    { speed: -1 },
    { speed: '2' },
    { speed: Number.NaN },
    { maxPause: 'soon' },
  ]) {
    it(`refuses ${JSON.stringify(options)}`, () => {
      const untyped: object = options;
      expect(() => replay(untyped)).to.throw(RangeError, /^(speed|maxPause) is /);
    });
  }
});
