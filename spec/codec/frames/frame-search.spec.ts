import { expect } from 'chai';

import { ByteQueue } from '../../../lib/codec/bytes/byte-queue.js';
import { FrameSearch } from '../../../lib/codec/frames/frame-search.js';
import { WHOLE_INPUT } from '../../../lib/codec/frames/input-end.js';
import { KnownWriters } from '../../../lib/codec/frames/known-writers.js';
import { cut } from '../../support/decode-archive.js';
import { encodeBlocks, encodeVersion1, WRITER_ID } from '../../support/encode-archive.js';
import { forgeBody, forgeFrame, forgeRecord } from '../../support/forge-frame.js';

const WRITER = WRITER_ID.toString('hex');
const BODY = forgeBody(forgeRecord('forged'));
/** A header whose checksum is wrong: the frame that each search starts after. */
const BAD = Buffer.from(forgeFrame(BODY)).fill(0xee, 60, 64);
const BLOCK = encodeBlocks(['a'], { sequence: 5 });
const NEXT = encodeBlocks(['b'], { sequence: 6 });
const ONE = encodeVersion1(['a']);

/** Counts how often a header is read: what a search costs besides reading the bytes. */
class CountingQueue extends ByteQueue {
  headersRead = 0;

  override peek(count: number, at?: number): Buffer {
    if (count === 18 || count === 64) this.headersRead++;
    return super.peek(count, at);
  }
}

interface SearchOptions {
  readonly maxRecordBytes?: number;
  readonly maxBodyBytes?: number;
  readonly isLaterOnly?: boolean;
}

/** A search in an archive of `WRITER`, whose first 5 records were read. */
function createSearch({ isLaterOnly = true, ...sizes }: SearchOptions = {}) {
  const queue = new CountingQueue();
  const starts = [{ writer: WRITER, sequence: 5, begin: 0 }];
  const writers = new KnownWriters({ starts, areAll: true });
  const limits = { maxRecordBytes: 2 ** 26, maxBodyBytes: 2 ** 27, ...sizes };
  const search = new FrameSearch({ queue, writers, ...limits });
  const begin = (bad: Buffer) => {
    queue.push(bad);
    search.begin({ isLaterOnly });
  };
  return { queue, search, begin };
}

/**
 * Where a search after `bad` finds a frame, counted from the end of `bad`; null if it finds none.
 */
function find(bad: Buffer, rest: readonly Uint8Array[], options?: SearchOptions): number | null {
  const { queue, search, begin } = createSearch(options);
  begin(bad);
  queue.push(Buffer.concat(rest));
  return search.findFrame(WHOLE_INPUT) ? queue.offset - bad.length : null;
}

describe('FrameSearch', () => {
  it('stops at the next frame, which stays in the queue', () => {
    const { queue, search, begin } = createSearch();
    begin(BAD);
    queue.push(Buffer.concat([BLOCK, NEXT]));
    expect(search.findFrame(undefined)).to.equal(true);
    expect(queue.offset).to.equal(BAD.length);
    expect(queue.length).to.equal(BLOCK.length + NEXT.length);
  });

  it('finds the same frame in pieces of any size', () => {
    const bytes = Buffer.concat([Buffer.alloc(9, 0x84), BLOCK, NEXT]);
    for (const size of [1, 2, 5, 64, bytes.length]) {
      const { queue, search, begin } = createSearch();
      begin(BAD);
      const found = [...cut(bytes, size)].some((piece) => {
        queue.push(Buffer.from(piece));
        return search.findFrame(undefined);
      });
      expect([found, queue.offset]).to.deep.equal([true, BAD.length + 9]);
    }
  });

  it('continues after a frame that it found', () => {
    const { queue, search, begin } = createSearch();
    begin(BAD);
    queue.push(Buffer.concat([BLOCK, NEXT]));
    expect(search.findFrame(WHOLE_INPUT)).to.equal(true);
    search.begin({ isLaterOnly: true });
    expect(search.findFrame(WHOLE_INPUT)).to.equal(true);
    expect(queue.offset).to.equal(BAD.length + BLOCK.length);
  });

  it('finds nothing, and empties the queue, when no frame follows', () => {
    for (const rest of [[], [Buffer.alloc(500)], [BLOCK.subarray(0, 3)], [BAD]]) {
      const { queue, search, begin } = createSearch();
      begin(BAD);
      queue.push(Buffer.concat(rest));
      expect(search.findFrame(WHOLE_INPUT)).to.equal(false);
      expect(queue.length).to.equal(0);
    }
  });

  it('accepts a frame that another good header or the end of the archive follows', () => {
    const later = forgeFrame(BODY, { version: 7, codec: 3 });
    for (const rest of [[], [NEXT], [later.subarray(0, 64)], [ONE]]) {
      expect(find(BAD, [BLOCK, ...rest])).to.equal(0);
    }
  });

  it('refuses a last frame where the input was cut off, amid what may be a payload', () => {
    const { queue, search, begin } = createSearch();
    begin(BAD);
    queue.push(BLOCK);
    expect(search.findFrame({ isWhole: false, damage: 'torn' })).to.equal(false);
    expect(queue.length).to.equal(0);
  });

  it('refuses a frame that anything else follows', () => {
    for (const rest of [[Buffer.alloc(1)], [Buffer.alloc(100)], [NEXT.subarray(0, 63)], [BAD]]) {
      expect(find(BAD, [BLOCK, ...rest])).to.equal(null);
    }
  });

  it('waits for the header after a candidate before it decides', () => {
    const { queue, search, begin } = createSearch();
    begin(BAD);
    queue.push(Buffer.concat([BLOCK, NEXT.subarray(0, 63)]));
    expect(search.findFrame(undefined)).to.equal(false);
    expect(queue.offset).to.equal(BAD.length);
    queue.push(NEXT.subarray(63, 64));
    expect(search.findFrame(undefined)).to.equal(true);
  });

  it('refuses a frame of an unknown writer, or of records that were read before', () => {
    const stranger = encodeBlocks(['x'], { writerId: Buffer.alloc(8, 7), sequence: 5 });
    const earlier = encodeBlocks(['x'], { sequence: 4 });
    for (const frame of [stranger, earlier]) {
      expect(find(BAD, [frame, frame, BLOCK])).to.equal(2 * frame.length);
    }
  });

  it('refuses a frame whose header checksum is wrong', () => {
    for (let at = 6; at < 64; at++) {
      const wrong = Buffer.from(BLOCK);
      wrong.writeUInt8(wrong.readUInt8(at) ^ 1, at);
      expect(find(BAD, [wrong, NEXT])).to.equal(wrong.length);
    }
  });

  it('refuses a frame whose body is over maxBodyBytes, without waiting for it', () => {
    const facts = { bodyBytes: 1001, storedBytes: 1001, sequence: 5n, writer: WRITER };
    const large = forgeFrame(Buffer.alloc(0), facts);
    expect(find(BAD, [large, BLOCK], { maxBodyBytes: 1000 })).to.equal(large.length);
  });

  it('drops bytes that cannot begin a frame, but keeps the start of a magic number', () => {
    const { queue, search, begin } = createSearch();
    begin(BAD);
    queue.push(Buffer.alloc(1000));
    expect([search.findFrame(undefined), queue.length]).to.deep.equal([false, 0]);
    queue.push(Buffer.from([1, 2, 0x84, 0x78]));
    expect([search.findFrame(undefined), queue.length]).to.deep.equal([false, 2]);
  });

  describe('of version 1', () => {
    const other = encodeVersion1(['b']);
    const bad = Buffer.from(encodeVersion1(['bad'])).fill(0xee, 6, 10);

    it('is accepted after a bad version-1 header', () => {
      expect(find(bad, [ONE, other])).to.equal(0);
    });

    it('is accepted after bytes without a version in an archive that may hold version 1', () => {
      expect(find(Buffer.alloc(20, 0xee), [ONE, other], { isLaterOnly: false })).to.equal(0);
      expect(find(Buffer.alloc(20, 0xee), [ONE, other], { isLaterOnly: true })).to.equal(null);
    });

    it('is refused after a bad version-2 header: it may be in the payload of that block', () => {
      for (const isLaterOnly of [true, false]) {
        expect(find(BAD, [ONE, other], { isLaterOnly })).to.equal(null);
      }
    });

    it('is refused if its lengths disagree, although a good header follows', () => {
      const wrong = Buffer.from(ONE).fill(7, 18, 19);
      expect(find(bad, [wrong, ONE, other])).to.equal(wrong.length);
    });

    it('is refused if it is over maxRecordBytes', () => {
      const long = encodeVersion1(['x'.repeat(100)]);
      expect(find(bad, [long, ONE], { maxRecordBytes: 50 })).to.equal(long.length);
    });
  });

  describe('in hostile bytes', () => {
    const candidates = 20_000;

    it('reads each header once or twice, whatever length it claims', () => {
      const claims = { bodyBytes: 2 ** 26, storedBytes: 2 ** 26, sequence: 9n, writer: WRITER };
      const long = forgeFrame(Buffer.alloc(0), claims);
      const wrong = Buffer.from(long).fill(0xee, 60, 64);
      for (const head of [wrong, long]) {
        const { queue, search, begin } = createSearch();
        begin(BAD);
        for (let i = 0; i < candidates; i++) {
          queue.push(head);
          search.findFrame(undefined);
        }
        queue.push(BLOCK);
        expect(search.findFrame(WHOLE_INPUT)).to.equal(true);
        expect(queue.headersRead).to.be.within(candidates, 2 * candidates + 10);
      }
    });

    it('reads each version-1 header a few times, whatever length it claims', () => {
      const long = Buffer.alloc(22);
      long.set(ONE.subarray(0, 6));
      long.writeInt32LE(2 ** 25, 6);
      long.writeInt32LE(2 ** 25, 10);
      const { queue, search, begin } = createSearch();
      begin(long);
      for (let i = 1; i < candidates; i++) queue.push(long);
      expect(search.findFrame(undefined)).to.equal(false);
      expect(search.findFrame(WHOLE_INPUT)).to.equal(false);
      expect(queue.headersRead).to.be.within(candidates - 1, 4 * candidates);
    });
  });
});
