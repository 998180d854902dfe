import { gunzipSync, gzipSync } from 'node:zlib';

import { expect } from 'chai';

import { Deflater } from '../../../lib/streams/compression/deflater.js';
import { rejection } from '../../support/store-tools.js';

const { signal } = new AbortController();
const LARGE = Buffer.from(Array.from({ length: 300_000 }, (_, i) => (i * i) % 251));

describe('Deflater', () => {
  it('compresses one member after the other to what zlib makes of each', async () => {
    const deflater = new Deflater(6);
    for (const raw of [LARGE, Buffer.from('x'), Buffer.alloc(0), LARGE]) {
      const member = Buffer.concat(await deflater.deflate(raw, signal, 'final block'));
      expect(member.equals(gzipSync(raw))).to.equal(true);
    }
  });

  it('ends the data with a sync flush, and begins the next member with a reset stream', async () => {
    const deflater = new Deflater(6);
    const flushed = Buffer.concat(await deflater.deflate(LARGE, signal, 'sync flush'));
    expect(flushed.subarray(-4).toString('hex')).to.equal('0000ffff');
    const member = Buffer.concat(await deflater.deflate(LARGE, signal, 'final block'));
    expect(gunzipSync(member).equals(LARGE)).to.equal(true);
  });

  it('rejects with the reason of its signal, before the start or midway', async () => {
    const deflater = new Deflater(9);
    const abort = new AbortController();
    const midway = rejection(deflater.deflate(LARGE, abort.signal, 'final block'));
    const reason = new Error('enough');
    abort.abort(reason);
    expect(await midway).to.equal(reason);
    expect(await rejection(deflater.deflate(LARGE, abort.signal, 'final block'))).to.equal(reason);
  });
});
