import { deflateRawSync } from 'node:zlib';

import { expect } from 'chai';

import { inflateRaw } from '../../../lib/streams/compression/inflate-raw.js';
import { PulledBytes } from '../../../lib/streams/compression/pulled-bytes.js';
import { cut } from '../../support/decode-archive.js';
import { drain, iterate } from '../stream-tools.js';

const TEXT = Array.from({ length: 40_000 }, (_, n) => `${n * 7919},`).join('');
const DATA = deflateRawSync(TEXT);

describe('inflateRaw', () => {
  it('leaves the bytes after the data, from chunks of any size', async () => {
    const data = deflateRawSync('text');
    const input = Buffer.concat([data, Buffer.from('rest')]);
    for (let size = 1; size <= input.length; size++) {
      const bytes = new PulledBytes(iterate(cut(input, size)));
      const { given, error } = await drain(inflateRaw(bytes));
      expect([Buffer.concat(given).toString(), error]).to.deep.equal(['text', undefined]);
      await bytes.has(100);
      expect(bytes.takeAll().toString()).to.equal('rest');
    }
  });

  it('leaves no bytes if the input ends within the data', async () => {
    const bytes = new PulledBytes(iterate(cut(DATA.subarray(0, 1000), 300)));
    const { given, error } = await drain(inflateRaw(bytes));
    expect(error).to.equal(undefined);
    expect(TEXT.startsWith(Buffer.concat(given).toString())).to.equal(true);
    expect(await bytes.has(1)).to.equal(false);
  });

  it('gives all bytes before damage, although zlib drops some', async () => {
    for (const at of [100, 1000, DATA.length >> 1, DATA.length - 100]) {
      // 3 is not a valid block type. zlib finds it in the same call as the data before it.
      const head = deflateRawSync(TEXT.slice(0, at), { finishFlush: 2 });
      const damaged = Buffer.concat([head, Buffer.alloc(10, 0xff)]);
      for (const size of [damaged.length, 64]) {
        const bytes = new PulledBytes(iterate(cut(damaged, size)));
        const { given, error } = await drain(inflateRaw(bytes));
        expect(Buffer.concat(given).toString()).to.equal(TEXT.slice(0, at));
        expect(error).to.have.property('code', 'Z_DATA_ERROR');
      }
    }
  });

  it('loses only a little before damage in large data', async () => {
    const large = Buffer.alloc(12_000_000, TEXT);
    const head = deflateRawSync(large, { finishFlush: 2 });
    const damaged = Buffer.concat([head, Buffer.alloc(10, 0xff)]);
    const { given, error } = await drain(inflateRaw(new PulledBytes(iterate(cut(damaged, 5000)))));
    const bytes = Buffer.concat(given);
    expect(large.subarray(0, bytes.length).equals(bytes)).to.equal(true);
    expect(large.length - bytes.length).to.be.at.most(65_536);
    expect(error).to.have.property('code', 'Z_DATA_ERROR');
  });
});
