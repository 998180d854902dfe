import { createHash, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';

import { expect } from 'chai';

import { StoreError } from '../../../lib/errors/store-error.js';
import { createArchiveReader } from '../../../lib/reading/rolling-read-stream.js';
import { ObjectSource } from '../../../lib/series/opening/object-source.js';
import { MOST_FAILURES } from '../../../lib/stores/contract/retries.js';
import { DirectoryStore } from '../../../lib/stores/directory/directory-store.js';
import { FaultyStore } from '../../support/faulty-store.js';
import { compressAll } from '../../support/gzip-tools.js';
import { HastyClock } from '../../support/hasty-clock.js';
import {
  encodeUnsealed,
  numbered,
  readPayloads,
  TemporaryDirectories,
} from '../../support/series.js';
import { rejection } from '../../support/store-tools.js';
import { until } from '../../support/until.js';
import { outcomeOf } from '../../support/writer-tools.js';

describe('ObjectSource', () => {
  const directories = new TemporaryDirectories();
  const bytes = randomBytes(400_000);
  let store: FaultyStore;
  let clock: HastyClock;

  beforeEach(async () => {
    store = new FaultyStore(new DirectoryStore(await directories.make()));
    clock = new HastyClock();
    await put('a.events', bytes);
  });

  afterEach(() => directories.remove());

  async function put(key: string, content: Uint8Array): Promise<void> {
    await store.put(key, Readable.from([content], { objectMode: false }));
  }

  async function open(signal = new AbortController().signal): Promise<ObjectSource> {
    const object = await store.head('a.events');
    if (object === null) throw new Error('there is no object');
    return new ObjectSource(store, object, { clock, signal });
  }

  async function collect(source: ObjectSource): Promise<Buffer> {
    const chunks: Buffer[] = [];
    for await (const chunk of source.stream()) chunks.push(chunk);
    return Buffer.concat(chunks);
  }

  it('reads ranges, which may end after the object', async () => {
    const source = await open();
    expect(source).to.include({ path: join(store.name, 'a.events'), isOpen: false });
    expect(await source.size()).to.equal(bytes.length);
    for (const [start, end] of [
      [0, 0],
      [0, 9],
      [7, 300_000],
      [399_990, 400_010],
      [400_000, 400_001],
    ]) {
      const range = { start: start ?? 0, end: end ?? 0 };
      expect((await source.read(range)).equals(bytes.subarray(start, end))).to.equal(true);
    }
  });

  for (const [how, error] of [
    ['breaks with an error', new Error('aborted')],
    ['just ends', null],
  ] as const) {
    it(`continues after the last byte of a body that ${how}`, async () => {
      const source = await open();
      store.breakWith = () => error;
      store.breakAfter = ({ range }) => ((range?.start ?? 0) === 0 ? 1 : 90_001);
      expect((await collect(source)).equals(bytes)).to.equal(true);
      const starts = store.gets.map(({ range }) => range?.start);
      expect(starts).to.deep.equal([0, 1, 90_002, 180_003, 270_004, 360_005]);
      const { etag } = (await store.head('a.events')) ?? {};
      expect(etag).to.be.a('string');
      expect(new Set(store.gets.map(({ ifMatch }) => ifMatch))).to.deep.equal(new Set([etag]));
      expect(clock.delays).to.have.length(5);
      expect(Math.max(...clock.delays)).to.be.at.most(200);
      expect(store).to.include({ openBodies: 0, mostOpenBodies: 1 });
    });
  }

  it('fails with a StoreError after eight failures in a row', async () => {
    const source = await open();
    store.breakAfter = ({ range }) => ((range?.start ?? 0) === 0 ? 100 : 0);
    const error = await rejection(collect(source));
    expect(error).to.have.property('message').that.includes('aborted');
    store.breakWith = () => null;
    const failure = await rejection(collect(source));
    expect(failure).to.be.instanceOf(StoreError).and.to.have.property('transient', true);
    expect(failure)
      .to.have.property('message')
      .that.includes('ended at byte 100 of 400000; given up');
    expect(store.gets).to.have.length(2 * (MOST_FAILURES + 1) - 2);
    expect(store.openBodies).to.equal(0);
  });

  it('fails at once if a retry cannot help', async () => {
    const source = await open();
    store.before = () => {
      const failure = { operation: 'get', target: 'x', problem: 'no', storeCode: 'AccessDenied' };
      throw new StoreError({ ...failure, transient: false });
    };
    expect(await rejection(collect(source))).to.have.property('storeCode', 'AccessDenied');
    expect(store.gets).to.have.length(1);
  });

  it('does not continue with an object that replaced the first', async () => {
    const source = await open();
    store.breakAfter = () => 100_000;
    const read = async () => {
      for await (const _ of source.stream()) await put('a.events', randomBytes(400_001));
    };
    const error = await rejection(read());
    expect(error)
      .to.be.instanceOf(StoreError)
      .and.to.have.property('storeCode', 'PreconditionFailed');
  });

  it('ends a delay when the signal aborts', async () => {
    const controller = new AbortController();
    const source = await open(controller.signal);
    const aborted = new Error('enough');
    store.breakAfter = () => 0;
    clock.setTimer = () => {
      setImmediate(() => controller.abort(aborted));
      return { cancel: () => undefined, ref: () => undefined };
    };
    expect(await rejection(collect(source))).to.equal(aborted);
    expect(store.openBodies).to.equal(0);
  });

  it('ends a stalled body when the signal aborts', async () => {
    const controller = new AbortController();
    const source = await open(controller.signal);
    const aborted = new Error('enough');
    const body = new Readable({ read: () => setImmediate(() => controller.abort(aborted)) });
    store.get = async () => body;
    expect(await rejection(collect(source))).to.equal(aborted);
    expect(body.destroyed).to.equal(true);
    expect(clock.delays).to.deep.equal([]);
  });

  describe('read as a series', () => {
    const payloads = numbered('v', 3000);
    const archive = encodeUnsealed(payloads, { blockBytes: 9000 });

    for (const [kind, encode] of [
      ['plain', async () => archive],
      ['seekable gzip', () => compressAll(archive, { memberBytes: 20_000 })],
      ['gzip of others', async () => gzipSync(archive)],
    ] as const) {
      it(`yields every record once, in order, wherever bodies break off: ${kind}`, async () => {
        const content = await encode();
        await put('b.events', content);
        const sha256 = createHash('sha256').update(content).digest();
        for (let i = 0; i < 12; i++) {
          // All over the object, but the same in each run.
          const length = 1 + (sha256.readUInt16LE(i) % Math.ceil(content.length / 3));
          store.breakAfter = ({ range }) => length + (range?.start ?? 0) * (i % 2);
          const options = { clock, whenDamaged: i % 3 === 0 ? 'skip' : 'error' } as const;
          const reader = createArchiveReader({ store, pattern: 'b.events' }, options);
          expect(await readPayloads(reader)).to.deep.equal({ payloads, error: undefined });
        }
        expect(store.openBodies).to.equal(0);
      });
    }

    it('retries listings and HEAD requests as well', async () => {
      await put('b.events', archive);
      const failures = new Map([
        ['list', 3],
        ['head', 2],
        ['get', 1],
      ]);
      store.before = (operation) => {
        const left = failures.get(operation) ?? 0;
        failures.set(operation, left - 1);
        if (left > 0) throw new Error(`${operation} failed`);
      };
      const reader = createArchiveReader({ store, pattern: 'b*' }, { clock });
      expect(await readPayloads(reader)).to.deep.equal({ payloads, error: undefined });
      expect(clock.delays).to.have.length(6);
    });

    it('ends at once when it is destroyed during a delay', async () => {
      let timers = 0;
      const patient = {
        now: () => 0,
        setTimer: () => {
          timers++;
          return { cancel: () => void timers--, ref: () => undefined };
        },
      };
      await put('b.events', archive);
      store.breakAfter = () => 0;
      const reader = createArchiveReader({ store, pattern: 'b.events' }, { clock: patient });
      const reading = readPayloads(reader);
      await until(() => timers > 0);
      reader.destroy(new Error('enough'));
      expect((await reading).error).to.have.property('message', 'enough');
      if (!reader.closed) await outcomeOf(reader);
      expect(timers).to.equal(0);
    });
  });
});
