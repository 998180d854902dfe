import { Duplex, PassThrough, Readable, Transform, Writable } from 'node:stream';

import { expect } from 'chai';

import { giveHeld, waitUntilTaken } from '../../lib/streams/wait-until-taken.js';
import { SlowSink, settle } from './stream-tools.js';

/** A source that gives the pushed chunks and does not end by itself. */
function sourceOf(...chunks: string[]): Readable {
  const source = new Readable({ objectMode: true, read() {} });
  for (const chunk of chunks) source.push(chunk);
  return source;
}

/** A promise, and whether it is settled. */
function watch(promise: Promise<void>) {
  const watched = { promise, isSettled: false };
  void promise.then(() => {
    watched.isSettled = true;
  });
  return watched;
}

/** Holds each chunk until it is released. */
class HeldSink extends Writable {
  #release: () => void = () => {};

  constructor() {
    super({ objectMode: true });
  }

  override _write(_chunk: unknown, _encoding: string, callback: () => void): void {
    this.#release = callback;
  }

  async release(): Promise<void> {
    this.#release();
    await settle();
  }
}

describe('waitUntilTaken', () => {
  it('resolves at once if no data is held', async () => {
    await waitUntilTaken(sourceOf());
    const source = sourceOf();
    source.pipe(new SlowSink());
    await waitUntilTaken(source);
  });

  it('waits until a reader has taken all data', async () => {
    const source = sourceOf('a', 'b');
    const waiting = watch(waitUntilTaken(source));
    source.read();
    await settle();
    expect(waiting.isSettled).to.equal(false);
    source.read();
    await waiting.promise;
  });

  it('waits until a sink has finished the last chunk', async () => {
    const source = sourceOf('a', 'b');
    const sink = new HeldSink();
    source.pipe(sink);
    await settle();
    const waiting = watch(waitUntilTaken(source));
    expect(source.readableLength).to.equal(0);
    await sink.release();
    expect(waiting.isSettled).to.equal(false);
    await sink.release();
    await waiting.promise;
  });

  it('waits for the sinks after one or several Transforms', async () => {
    const source = sourceOf('a', 'b', 'c');
    const sinks = [new SlowSink(), new SlowSink()];
    for (const sink of sinks) {
      source
        .pipe(new PassThrough({ objectMode: true }))
        .pipe(new PassThrough({ objectMode: true }))
        .pipe(sink);
    }
    await settle();
    await waitUntilTaken(source);
    for (const sink of sinks) expect(sink.chunks).to.deep.equal(['a', 'b', 'c']);
  });

  it('waits for data that a Transform has not passed on', async () => {
    const source = sourceOf('a');
    let giveOn: () => void = () => {};
    const held = new Transform({
      objectMode: true,
      transform(chunk, _encoding, callback) {
        giveOn = () => callback(null, chunk);
      },
    });
    const sink = new SlowSink();
    source.pipe(held).pipe(sink);
    await settle();
    const waiting = watch(waitUntilTaken(source));
    await settle();
    expect(waiting.isSettled).to.equal(false);
    giveOn();
    await waiting.promise;
    expect(sink.chunks).to.deep.equal(['a']);
  });

  it('makes later streams push the data that they hold back, once they have all of it', async () => {
    class Pairs extends Transform {
      #held: string[] = [];

      override _transform(chunk: string, _encoding: string, callback: () => void): void {
        this.#held.push(chunk);
        callback();
      }

      [giveHeld](): void {
        if (this.#held.length > 0) this.push(this.#held.join('+'));
        this.#held = [];
      }
    }
    const source = sourceOf('a', 'b', 'c');
    const sink = new SlowSink();
    source.pipe(new Pairs({ objectMode: true })).pipe(sink);
    await waitUntilTaken(source);
    expect(sink.chunks).to.deep.equal(['a+b+c']);
  });

  it('resolves when the stream or its destination is destroyed', async () => {
    const read = sourceOf('a');
    const waiting = watch(waitUntilTaken(read));
    read.destroy();
    await waiting.promise;

    const source = sourceOf('a');
    const sink = new HeldSink();
    source.pipe(sink);
    await settle();
    const piped = watch(waitUntilTaken(source));
    await settle();
    expect(piped.isSettled).to.equal(false);
    sink.destroy();
    await piped.promise;
  });

  it('does not wait for data that a socket received, and ends if pipes form a circle', async () => {
    const socket = new Duplex({ objectMode: true, read() {}, write: (_a, _b, done) => done() });
    const source = sourceOf('a');
    const between = new PassThrough({ objectMode: true });
    source.pipe(between).pipe(socket);
    socket.push('received');
    await waitUntilTaken(source);
    expect(socket.readableLength).to.equal(1);

    const circle = new PassThrough({ objectMode: true });
    circle.pipe(new PassThrough({ objectMode: true })).pipe(circle);
    await waitUntilTaken(circle);
  });
});
