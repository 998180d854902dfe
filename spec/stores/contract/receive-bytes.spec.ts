import { Readable } from 'node:stream';

import { expect } from 'chai';

import { StoreError } from '../../../lib/errors/store-error.js';
import { createArchiveReader } from '../../../lib/reading/rolling-read-stream.js';
import { headObject } from '../../../lib/stores/contract/head-object.js';
import { listObjects } from '../../../lib/stores/contract/list-objects.js';
import { receiveBytes } from '../../../lib/stores/contract/receive-bytes.js';
import type { StoredObject } from '../../../lib/stores/contract/store.js';
import { MemoryStore } from '../../support/memory-store.js';
import { readPayloads } from '../../support/series.js';
import { rejection } from '../../support/store-tools.js';

const { signal } = new AbortController();
const LINES = Buffer.from(Array.from({ length: 2000 }, (_, n) => `{"n":${n}}\n`).join(''));

describe('what is asked of a caller’s own store', () => {
  let store: MemoryStore;

  beforeEach(() => {
    store = new MemoryStore();
    store.objects.set('a.events', { bytes: LINES, metadata: {} });
  });

  async function expectMismatch(asked: Promise<unknown>, text: string): Promise<void> {
    const error = await rejection(asked);
    expect(error).to.be.instanceOf(StoreError);
    expect(error).to.include({ storeCode: 'UnexpectedAnswer', transient: false });
    expect(error).to.have.property('message').that.includes(text);
  }

  async function receive(start: number, end: number): Promise<Buffer> {
    const chunks: Buffer[] = [];
    for await (const chunk of receiveBytes(store, 'a.events', { start, end }, { signal })) {
      chunks.push(chunk);
    }
    return Buffer.concat(chunks);
  }

  it('is no more than the bytes of the range', async () => {
    expect((await receive(0, LINES.length)).equals(LINES)).to.equal(true);
    await expectMismatch(receive(5, 10), 'asked for 5 bytes, but the body goes on');
  });

  it('is a stream of bytes', async () => {
    store.get = async () => Readable.from(['text'], { objectMode: true });
    await expectMismatch(receive(0, 9), 'the body gave string, not bytes');
    store.get = async () => 'text' as unknown as Readable;
    await expectMismatch(receive(0, 9), 'not a stream');
  });

  it('is an object of the key and with a size', async () => {
    for (const [wrong, text] of [
      [{ key: 'b' }, 'got the object "b"'],
      [{ bytes: Number.NaN }, 'its size is'],
      [{ bytes: -1 }, 'its size is -1'],
    ] as const) {
      store.head = async (key) => ({ key, bytes: 1, metadata: {}, ...wrong });
      await expectMismatch(headObject(store, 'a.events', signal), text);
    }
  });

  it('is a listing of keys with the prefix', async () => {
    const first = async (prefix: string) => listObjects(store, prefix, { signal }).next();
    expect((await first('a')).value).to.have.property('key', 'a.events');
    await expectMismatch(first('b'), 'it lists "a.events"');
    store.list = async function* () {
      yield {} as StoredObject;
    };
    await expectMismatch(first(''), 'whose key is undefined');
  });

  it('is the rest of the same object, also from a store without ETags and ranges', async () => {
    let gets = 0;
    store.get = async () => {
      if (gets++ > 0) return Readable.from([LINES.subarray(0, 9000), LINES.subarray(9000)]);
      const broken = Readable.from(
        (function* () {
          yield LINES.subarray(0, 9000);
          throw Object.assign(new Error('aborted'), { code: 'ECONNRESET' });
        })(),
      );
      return broken;
    };
    const reader = createArchiveReader({ store, pattern: '*' });
    const { error, payloads } = await readPayloads(reader);
    expect(error).to.be.instanceOf(StoreError);
    expect(error).to.have.property('message').that.includes('not those that came before');
    expect(new Set(payloads).size).to.equal(payloads.length);
  });

  it('is a listing that ends, or ends with the reader', async () => {
    store.list = async function* () {
      yield* [];
      await new Promise(() => {});
    };
    const reader = createArchiveReader({ store, pattern: '*' });
    const read = readPayloads(reader);
    await new Promise(setImmediate);
    reader.destroy();
    expect((await read).payloads).to.deep.equal([]);
  });
});
