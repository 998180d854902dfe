import { gunzipSync, gzipSync } from 'node:zlib';

import { expect } from 'chai';

import { deflateOnPool } from '../../lib/streams/deflate-on-pool.js';
import { failureOf } from './stream-tools.js';

const { signal } = new AbortController();
const HEADER = Buffer.from('1f8b080000000000000a', 'hex');

describe('deflateOnPool', () => {
  it('gives deflate data and the trailer, without a header', async () => {
    for (const raw of [Buffer.from('x'), Buffer.alloc(100_000, 'abc'), Buffer.alloc(0)]) {
      const deflated = await deflateOnPool(6)(raw, signal);
      expect(gunzipSync(Buffer.concat([HEADER, deflated])).equals(raw)).to.equal(true);
    }
  });

  it('compresses at its level', async () => {
    const raw = Buffer.from(Array.from({ length: 50_000 }, (_, i) => (i * i) % 251));
    for (const level of [1, 6, 9]) {
      const deflated = await deflateOnPool(level)(raw, signal);
      expect(deflated.equals(gzipSync(raw, { level }).subarray(10)), `${level}`).to.equal(true);
    }
    expect((await deflateOnPool(0)(raw, signal)).length).to.be.above(raw.length);
  });

  it('rejects once its signal aborts, before or midway', async () => {
    const abort = new AbortController();
    const midway = deflateOnPool(9)(Buffer.alloc(2 ** 22, 'abcdef'), abort.signal);
    abort.abort();
    const after = deflateOnPool(9)(Buffer.from('x'), abort.signal);
    for (const deflated of [midway, after]) {
      expect(await failureOf(deflated)).to.have.property('name', 'AbortError');
    }
  });
});
