import { constants, createGzip, type Gzip, gunzipSync, gzipSync, type ZlibReset } from 'node:zlib';

import { expect } from 'chai';

import { nodeZstd, ZSTD_END } from '../../../lib/codec/compression/zstd/node-zstd.js';
import { MemberStream } from '../../../lib/streams/compression/member-stream.js';
import { rejection } from '../../support/store-tools.js';
import { needsZstd } from '../../support/zstd-tools.js';

const { signal } = new AbortController();
const LARGE = Buffer.from(Array.from({ length: 300_000 }, (_, i) => (i * i) % 251));

const { Z_FINISH, Z_SYNC_FLUSH } = constants;

function gzipStream(level: number): MemberStream {
  const gzip = createGzip({ level }) as Gzip & ZlibReset;
  return new MemberStream(gzip, () => gzip.reset());
}

describe('MemberStream', () => {
  it('compresses one member after the other to what zlib makes of each', async () => {
    const stream = gzipStream(6);
    for (const raw of [LARGE, Buffer.from('x'), Buffer.alloc(0), LARGE]) {
      const member = Buffer.concat(await stream.compress(raw, signal, Z_FINISH));
      expect(member.equals(gzipSync(raw))).to.equal(true);
    }
  });

  it('ends the data with a sync flush, and begins the next member with a reset stream', async () => {
    const stream = gzipStream(6);
    const flushed = Buffer.concat(await stream.compress(LARGE, signal, Z_SYNC_FLUSH));
    expect(flushed.subarray(-4).toString('hex')).to.equal('0000ffff');
    const member = Buffer.concat(await stream.compress(LARGE, signal, Z_FINISH));
    expect(gunzipSync(member).equals(LARGE)).to.equal(true);
  });

  it('rejects with the reason of its signal, before the start or midway', async () => {
    const stream = gzipStream(9);
    const abort = new AbortController();
    const midway = rejection(stream.compress(LARGE, abort.signal, Z_FINISH));
    const reason = new Error('enough');
    abort.abort(reason);
    expect(await midway).to.equal(reason);
    expect(await rejection(stream.compress(LARGE, abort.signal, Z_FINISH))).to.equal(reason);
  });

  it('compresses one frame of zstd after the other', async function () {
    needsZstd(this);
    const zstd = nodeZstd?.createZstdCompress();
    if (!nodeZstd || !zstd) return;
    const stream = new MemberStream(zstd, () => {});
    for (const raw of [LARGE, Buffer.from('x'), LARGE]) {
      const frame = Buffer.concat(await stream.compress(raw, signal, ZSTD_END));
      expect(nodeZstd.zstdDecompressSync(frame).equals(raw)).to.equal(true);
    }
  });
});
