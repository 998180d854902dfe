import { expect } from 'chai';

import { CHUNK_BYTES, ChunkPool } from '../../lib/files/chunk-pool.js';

describe('ChunkPool', () => {
  it('gives memory of the requested size, and reuses what it got back', () => {
    const pool = new ChunkPool();
    const first = pool.take(CHUNK_BYTES);
    const second = pool.take(10);
    expect([first.length, second.length]).to.deep.equal([CHUNK_BYTES, 10]);
    expect(second.buffer).to.not.equal(first.buffer);
    pool.keep(first.subarray(5, 10));
    const third = pool.take(20);
    expect(third.buffer).to.equal(first.buffer);
    expect([third.byteOffset, third.length]).to.deep.equal([0, 20]);
  });

  it('never gives the same memory to two callers, even when it gets it back twice', () => {
    const pool = new ChunkPool();
    const chunk = pool.take(10);
    pool.keep(chunk);
    pool.keep(chunk);
    expect(pool.take(10).buffer).to.not.equal(pool.take(10).buffer);
  });

  it('ignores memory from elsewhere', () => {
    const pool = new ChunkPool();
    const other = Buffer.alloc(CHUNK_BYTES);
    pool.keep(other);
    expect(pool.take(10).buffer).to.not.equal(other.buffer);
  });
});
