import { expect } from 'chai';

import { UnsyncedBytes, UnsyncedMemory } from '../../../lib/writing/sink/unsynced-memory.js';

/** A buffer that fills a part of its memory. */
function slab(length: number, filled: number): Buffer {
  return Buffer.allocUnsafeSlow(length).fill(7).subarray(0, filled);
}

describe('UnsyncedMemory', () => {
  let freed: Buffer[];
  let memory: UnsyncedMemory;

  beforeEach(() => {
    freed = [];
    memory = new UnsyncedMemory(100, (bytes) => freed.push(bytes));
  });

  it('counts the whole memory of a buffer, not only the filled part', () => {
    memory.keep(slab(40, 30));
    expect([memory.isHalfFull, memory.isFull]).to.deep.equal([false, false]);
    memory.keep(slab(20, 20));
    expect([memory.isHalfFull, memory.isFull]).to.deep.equal([true, false]);
    memory.keep(slab(40, 20));
    expect([memory.isHalfFull, memory.isFull]).to.deep.equal([true, true]);
  });

  it('copies a few bytes out of a large slab, and frees the slab at once', () => {
    const bytes = slab(1000, 10);
    const kept = memory.keep(bytes);
    expect(freed).to.deep.equal([bytes]);
    expect(kept.equals(bytes)).to.equal(true);
    expect(kept.buffer.byteLength).to.equal(10);
    expect(memory.isFull).to.equal(false);
  });

  it('frees released memory, and wakes callers that wait for it', async () => {
    const kept = memory.keep(slab(100, 100));
    const released = memory.released();
    memory.release(kept);
    await released;
    expect([memory.isFull, freed]).to.deep.equal([false, [kept]]);
  });

  it('frees bytes at once that are hashed, and others when they are', async () => {
    const [first, second] = [slab(100, 100), slab(100, 50)];
    await memory.pass(first, null);
    expect(freed).to.deep.equal([first]);
    let see = () => {};
    const seen = new Promise<void>((resolve) => {
      see = resolve;
    });
    await memory.pass(second, seen);
    expect([freed, memory.isFull]).to.deep.equal([[first], false]);
    see();
    await seen;
    expect(freed).to.deep.equal([first, second]);
  });

  it('wakes the callers that wait, though nothing was released', async () => {
    memory.keep(slab(100, 100));
    const released = memory.released();
    memory.wake();
    await released;
    expect(memory.isFull).to.equal(true);
  });

  it('has all writers that share it sync, until they leave', () => {
    const synced: string[] = [];
    const leave = memory.join(() => synced.push('a'));
    memory.join(() => synced.push('b'));
    memory.syncAll();
    leave();
    memory.syncAll();
    expect(synced).to.deep.equal(['a', 'b', 'b']);
  });
});

describe('UnsyncedBytes', () => {
  it('releases the pieces before a mark, and keeps the later ones', () => {
    const freed: Buffer[] = [];
    const bytes = new UnsyncedBytes(new UnsyncedMemory(100, (piece) => freed.push(piece)));
    const pieces = [slab(1, 1), slab(2, 2), slab(3, 3)];
    for (const piece of pieces.slice(0, 2)) bytes.add(piece);
    const { end } = bytes;
    bytes.add(slab(3, 3));
    bytes.release(end);
    expect(freed).to.deep.equal(pieces.slice(0, 2));
    expect(bytes.pieces).to.deep.equal(pieces.slice(2));
    bytes.release(end);
    bytes.release(1);
    expect(bytes.pieces).to.have.length(1);
    bytes.release(bytes.end);
    expect(freed).to.have.length(3);
  });
});
