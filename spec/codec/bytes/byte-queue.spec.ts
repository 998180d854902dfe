import { expect } from 'chai';
import fc from 'fast-check';

import { ByteQueue } from '../../../lib/codec/bytes/byte-queue.js';

function queueOf(...chunks: string[]): ByteQueue {
  const queue = new ByteQueue();
  for (const chunk of chunks) queue.push(Buffer.from(chunk));
  return queue;
}

describe('ByteQueue', () => {
  it('returns the bytes in order, whatever the chunks', () => {
    const pieces = fc.array(fc.uint8Array({ maxLength: 9 }), { maxLength: 30 });
    fc.assert(
      fc.property(pieces, fc.infiniteStream(fc.nat(20)), (chunks, sizes) => {
        const queue = new ByteQueue();
        for (const chunk of chunks) queue.push(Buffer.from(chunk));
        const all = Buffer.concat(chunks);
        const taken: Buffer[] = [];
        for (const size of sizes) {
          if (queue.length === 0) break;
          const count = Math.min(size, queue.length);
          const expected = all.subarray(queue.offset, queue.offset + count);
          expect(queue.peek(count).equals(expected)).to.equal(true);
          taken.push(queue.take(count));
        }
        expect(Buffer.concat(taken).equals(all)).to.equal(true);
        expect([queue.offset, queue.length]).to.deep.equal([all.length, 0]);
      }),
    );
  });

  it('peeks without taking', () => {
    const queue = queueOf('ab', 'cd', 'ef');
    expect(queue.peek(5).toString()).to.equal('abcde');
    expect(queue.peek(1).toString()).to.equal('a');
    expect([queue.offset, queue.length]).to.deep.equal([0, 6]);
  });

  it('does not copy a piece that lies within one chunk', () => {
    const chunk = Buffer.from('abcd');
    const queue = new ByteQueue();
    queue.push(chunk);
    queue.skip(1);
    expect(queue.take(2).buffer).to.equal(chunk.buffer);
  });

  it('skips across chunks', () => {
    const queue = queueOf('ab', 'cd', 'ef');
    queue.skip(3);
    expect(queue.take(3).toString()).to.equal('def');
    expect(queue.offset).to.equal(6);
  });

  it('returns nothing if it is empty', () => {
    const queue = queueOf('');
    expect(queue.take(0)).to.have.length(0);
    expect(queue.length).to.equal(0);
  });

  it('finds a byte from a start on, or returns -1', () => {
    const queue = queueOf('a,', 'bc', ',d');
    expect(queue.indexOf(0x2c, 0)).to.equal(1);
    expect(queue.indexOf(0x2c, 1)).to.equal(1);
    expect(queue.indexOf(0x2c, 2)).to.equal(4);
    expect(queue.indexOf(0x2c, 5)).to.equal(-1);
    queue.skip(2);
    expect(queue.indexOf(0x2c, 0)).to.equal(2);
    expect(queue.indexOf(0x2c, 99)).to.equal(-1);
  });

  it('finds a byte wherever the chunks end', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 5, max: 3 })),
        fc.nat(3),
        fc.nat(20),
        (chunks, byte, start) => {
          const queue = new ByteQueue();
          for (const chunk of chunks) queue.push(Buffer.from(chunk));
          expect(queue.indexOf(byte, start)).to.equal(Buffer.concat(chunks).indexOf(byte, start));
        },
      ),
    );
  });

  it('reads bytes and integers at a distance, whatever the chunks', () => {
    const pieces = fc.array(fc.uint8Array({ maxLength: 5 }), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(pieces, fc.nat(20), fc.nat(20), fc.nat(20), (chunks, taken, at, count) => {
        const queue = new ByteQueue();
        for (const chunk of chunks) queue.push(Buffer.from(chunk));
        const all = Buffer.concat(chunks).subarray(taken);
        fc.pre(all.length > at + count);
        queue.skip(taken);
        const expected = all.subarray(at, at + count);
        expect(queue.peek(count, at).equals(expected)).to.equal(true);
        if (count >= 4) expect(queue.readInt32LE(at)).to.equal(expected.readInt32LE());
      }),
    );
  });

  it('finds a pattern, or its beginning at the end, whatever the chunks', () => {
    const bytes = fc.array(fc.constantFrom(1, 2, 3), { maxLength: 12 });
    fc.assert(
      fc.property(fc.array(bytes, { maxLength: 8 }), fc.nat(6), (chunks, taken) => {
        const queue = new ByteQueue();
        for (const chunk of chunks) queue.push(Buffer.from(chunk));
        const all = Buffer.from(chunks.flat()).subarray(taken);
        fc.pre(chunks.flat().length >= taken);
        queue.skip(taken);
        const pattern = Buffer.of(1, 2, 1, 3);
        const whole = all.indexOf(pattern);
        const ends = [3, 2, 1].filter((n) => n <= all.length);
        const partial = ends.find((n) => all.subarray(-n).equals(pattern.subarray(0, n))) ?? 0;
        expect(queue.find(pattern)).to.equal(whole === -1 ? all.length - partial : whole);
      }),
      { numRuns: 1000 },
    );
  });
});
