import { expect } from 'chai';

import { ByteQueue } from '../../../lib/codec/bytes/byte-queue.js';
import type { DamageOptions } from '../../../lib/codec/frames/damage-options.js';
import { FrameScanner, type ScannedFrame } from '../../../lib/codec/frames/frame-scanner.js';
import type { SkippedDamage } from '../../../lib/codec/frames/skipped-damage.js';
import { DamageError, type DamageReason } from '../../../lib/errors/damage-error.js';
import {
  OTHER_WRITER_ID,
  sampleVersion1,
  sampleVersion2,
  sealArchive,
} from '../../support/damaged-archive.js';
import { cut, damageOf } from '../../support/decode-archive.js';
import { encodeBlocks, encodeVersion1, WRITER_ID } from '../../support/encode-archive.js';
import {
  type ForgedHeader,
  forgeBody,
  forgeFrame,
  forgeRecord,
} from '../../support/forge-frame.js';

interface Scan {
  readonly frames: readonly ScannedFrame[];
  readonly damage: readonly SkippedDamage[];
}

function scan(chunks: Iterable<Uint8Array>, options: DamageOptions = {}): Scan {
  const frames: ScannedFrame[] = [];
  const damage: SkippedDamage[] = [];
  const onDamage = (skipped: SkippedDamage) => damage.push(skipped);
  const scanner = new FrameScanner({ whenDamaged: 'skip', onDamage, ...options });
  const takeAll = () => {
    for (let frame = scanner.next(); frame !== null; frame = scanner.next()) frames.push(frame);
  };
  for (const chunk of chunks) {
    scanner.push(Buffer.from(chunk));
    takeAll();
  }
  scanner.end();
  takeAll();
  return { frames, damage };
}

function join(...parts: readonly Uint8Array[]): Buffer[] {
  return [Buffer.concat(parts)];
}

function offsets({ frames }: Scan): number[] {
  return frames.map((frame) => frame.offset);
}

const WRITER = WRITER_ID.toString('hex');
const BODY = forgeBody(forgeRecord('forged'));
const BEFORE = encodeBlocks(['before']);
const AFTER = encodeBlocks(['after'], { sequence: 5 });

describe('FrameScanner', () => {
  for (const [name, { bytes, frames }] of [
    ['version 2', sampleVersion2()],
    ['version 1', sampleVersion1([{ payload: 'a' }, { payload: '', metadata: { k: 'v' } }])],
  ] as const) {
    it(`returns the frames of ${name} whole, with their offsets, in pieces of any size`, () => {
      for (const size of [1, 20, 300, bytes.length]) {
        const found = scan(cut(bytes, size)).frames;
        expect(Buffer.concat(found.map((frame) => frame.bytes)).equals(bytes)).to.equal(true);
        expect(found.map((frame) => frame.offset)).to.deep.equal(frames.map(({ begin }) => begin));
      }
    });
  }

  it('returns headers of version 2, lengths of version 1, and frames of skippable kinds', () => {
    const strange = forgeFrame(Buffer.from('anything'), { version: 9, kind: 200 });
    const [a, b, c] = scan(join(BEFORE, encodeVersion1(['one']), strange)).frames;
    expect(a?.header).to.include({ kind: 1, records: 1, sequence: 0 });
    expect(b).to.deep.include({ version: 1, header: null });
    expect(b).to.have.deep.property('lengths', { metadataBytes: 4, payloadBlockBytes: 7 });
    expect(c).to.include({ version: 9 });
    expect(c?.header).to.include({ kind: 200 });
  });

  it('does not read bodies; a DamageError of `inspect` is damage', () => {
    const unreadable = forgeFrame(Buffer.from('no block'), { records: 7 });
    expect(scan([unreadable]).frames).to.have.length(1);
    const inspect = ({ offset }: ScannedFrame) => {
      const facts = { what: 'block', offset, expected: 'a block', found: 'none' };
      if (offset > 0) throw new DamageError({ reason: 'bad-body', ...facts });
    };
    const damage: SkippedDamage[] = [];
    const onDamage = (skipped: SkippedDamage) => damage.push(skipped);
    const scanner = new FrameScanner({ whenDamaged: 'skip', onDamage, inspect });
    scanner.push(Buffer.concat([BEFORE, unreadable]));
    scanner.end();
    expect(scanner.next()?.offset).to.equal(0);
    expect(scanner.next()).to.equal(null);
    const [begin, end] = [BEFORE.length, BEFORE.length + unreadable.length];
    const expected = { archive: undefined, begin, end, reason: 'bad-body', recordsLost: 7 };
    expect(damage).to.deep.equal([expected]);
  });

  it("throws the damage at every call with whenDamaged 'error'", () => {
    for (const bad of [forgeFrame(BODY, { kind: 3 }), Buffer.from('garbage'), Buffer.alloc(1)]) {
      const scanner = new FrameScanner({ archive: 'a.events' });
      scanner.push(Buffer.concat([BEFORE, bad]));
      scanner.end();
      expect(scanner.next()?.offset).to.equal(0);
      for (let i = 0; i < 2; i++) {
        try {
          expect.fail(`gave ${scanner.next()}`);
        } catch (error) {
          expect(damageOf(error)).to.have.property('archive', 'a.events');
        }
      }
    }
  });

  it('passes on errors that are not damage', () => {
    const inspect = () => {
      throw new TypeError('a mistake');
    };
    const scanner = new FrameScanner({ whenDamaged: 'skip', inspect });
    scanner.push(BEFORE);
    expect(() => scanner.next()).to.throw(TypeError);
  });

  it('reads from a given queue', () => {
    const queue = new ByteQueue();
    const scanner = new FrameScanner({ queue });
    queue.push(BEFORE);
    expect(scanner.next()?.bytes.equals(BEFORE)).to.equal(true);
  });

  describe('after a good header', () => {
    const refused: ReadonlyArray<readonly [header: ForgedHeader, reason: DamageReason]> = [
      [{ version: 3 }, 'unknown-version'],
      [{ version: 0x102 }, 'unknown-version'],
      [{ kind: 3 }, 'unknown-kind'],
      [{ codec: 1 }, 'unknown-codec'],
      [{ flags: 0x10000 }, 'unknown-flags'],
      [{ sequence: 2n ** 53n }, 'bad-header'],
      [{ bodyBytes: 1 }, 'bad-header'],
      [{ earliestMicros: 1n }, 'bad-header'],
    ];
    for (const [header, reason] of refused) {
      it(`never searches a frame that is '${reason}' by ${Object.keys(header)}, but skips it`, () => {
        const body = Buffer.concat([BEFORE, AFTER, BODY]);
        const frame = forgeFrame(body, { records: 3, ...header });
        const found = scan(join(BEFORE, frame, AFTER));
        const end = BEFORE.length + frame.length;
        expect(offsets(found)).to.deep.equal([0, end]);
        const damage = { begin: BEFORE.length, end, reason, recordsLost: 3 };
        expect(found.damage).to.deep.equal([{ archive: undefined, ...damage }]);
      });
    }

    it('returns a frame of a skippable kind, whatever its body', () => {
      const frame = forgeFrame(AFTER, { kind: 128 });
      frame.writeUInt8(1, frame.length - 1);
      const { frames, damage } = scan(join(BEFORE, frame, AFTER));
      expect([frames.length, damage.length]).to.deep.equal([3, 0]);
    });

    it('never searches a body whose checksum is wrong', () => {
      const frame = forgeFrame(Buffer.concat([AFTER, AFTER, BODY]), { records: 2 });
      frame.writeUInt8(1, frame.length - 1);
      const found = scan(join(BEFORE, frame, AFTER));
      expect(offsets(found)).to.deep.equal([0, BEFORE.length + frame.length]);
      expect(found.damage[0]).to.include({ reason: 'bad-checksum', recordsLost: 2 });
    });

    it('drops a body that is too large as it comes', () => {
      const storedBytes = 3_000_000_000;
      const frame = forgeFrame(Buffer.alloc(0), { bodyBytes: storedBytes, storedBytes });
      const piece = Buffer.alloc(2 ** 20, BEFORE);
      const damage: SkippedDamage[] = [];
      const onDamage = (skipped: SkippedDamage) => damage.push(skipped);
      const queue = new ByteQueue();
      const scanner = new FrameScanner({ whenDamaged: 'skip', onDamage, queue });
      queue.push(frame);
      for (let left = storedBytes; left > 0; left -= piece.length) {
        queue.push(piece.subarray(0, Math.min(left, piece.length)));
        expect(scanner.next()).to.equal(null);
        expect(queue.length).to.equal(0);
      }
      queue.push(BEFORE);
      expect(scanner.next()?.offset).to.equal(storedBytes + 64);
      expect(damage).to.have.length(1);
      expect(damage[0]).to.include({ reason: 'too-large', begin: 0, end: storedBytes + 64 });
    });

    it('reports a frame that is too large and torn, up to the end', () => {
      const frame = forgeFrame(BODY, { bodyBytes: 2 ** 30, storedBytes: 2 ** 30 });
      const { damage } = scan([frame]);
      expect(damage).to.have.length(1);
      expect(damage[0]).to.include({ reason: 'too-large', end: frame.length, recordsLost: 1 });
    });
  });

  describe('after a bad header', () => {
    const bad = Buffer.from(forgeFrame(BODY)).fill(0xee, 60, 64);

    it('refuses a frame of another writer, or of earlier records', () => {
      const writerId = OTHER_WRITER_ID;
      for (const frame of [encodeBlocks(['x'], { writerId }), BEFORE]) {
        const { frames, damage } = scan(join(BEFORE, bad, frame, frame));
        expect(frames).to.have.length(1);
        expect(damage).to.have.length(1);
        expect(damage[0]).to.include({ begin: BEFORE.length, recordsLost: undefined });
      }
    });

    it('accepts a frame of a given writer', () => {
      const other = encodeBlocks(['x'], { writerId: OTHER_WRITER_ID });
      const starts = [{ writer: OTHER_WRITER_ID.toString('hex'), sequence: 0, begin: 0 }];
      const writers = { starts, areAll: false };
      const found = scan(join(BEFORE, bad, other, other), { writers });
      expect(found.frames).to.have.length(3);
      expect(found.damage[0]).to.have.property('recordsLost', undefined);
    });

    it('accepts any frame before the first writer, and recovers if that one was wrong', () => {
      const other = encodeBlocks(['x'], { writerId: OTHER_WRITER_ID });
      const found = scan(join(bad, other, other, bad, BEFORE, AFTER));
      expect(found.frames).to.have.length(4);
      expect(found.damage).to.have.length(2);
    });

    it('refuses a frame that no good header follows', () => {
      for (const rest of [Buffer.alloc(1), Buffer.alloc(100), AFTER.subarray(0, 63), bad]) {
        const { frames, damage } = scan(join(BEFORE, bad, AFTER, rest));
        expect(frames).to.have.length(1);
        expect(damage).to.have.length(1);
      }
    });

    it('accepts a frame that a good header of any version, or the end, follows', () => {
      const strange = forgeFrame(BODY, { version: 7, codec: 3 });
      for (const rest of [Buffer.alloc(0), strange.subarray(0, 64), encodeVersion1(['1'])]) {
        const { frames } = scan(join(BEFORE, bad, AFTER, rest));
        expect(frames[1]?.offset).to.equal(BEFORE.length + bad.length);
      }
    });

    it('counts lost records by the sequences before and after', () => {
      expect(scan(join(BEFORE, bad, AFTER)).damage[0]).to.have.property('recordsLost', 4);
    });

    it('does not search for version 1 in the block of an archive without version 1', () => {
      const payload = encodeVersion1(['a', 'b', 'c']);
      const block = encodeBlocks([payload], { sequence: 1 });
      for (const at of [0, 5, 30]) {
        const damaged = Buffer.from(block).fill(0xee, at, at + 1);
        const { frames, damage } = scan(join(BEFORE, damaged, AFTER));
        expect(frames.map(({ version }) => version)).to.deep.equal([2, 2]);
        expect(damage).to.have.length(1);
      }
    });

    it('finds version 2 after version 1, and version 1 after version 2', () => {
      const first = encodeVersion1(['a', 'b', 'c']);
      const one = first.length / 3;
      const torn = Buffer.from(first).fill(0xee, 2 * one + 6, 2 * one + 10);
      expect(offsets(scan(join(torn, BEFORE, AFTER)))).to.deep.equal([
        ...[0, one, first.length],
        first.length + BEFORE.length,
      ]);
      const start = Buffer.from(first).fill(0xee, 6, 10);
      const at = BEFORE.length;
      expect(offsets(scan(join(BEFORE, start)))).to.deep.equal([0, at + one, at + 2 * one]);
    });

    it('finds version 1 after garbage in an archive that had version 1 before', () => {
      const one = encodeVersion1(['a']);
      const garbage = Buffer.alloc(20, 0xee);
      expect(scan(join(one, BEFORE, garbage, one, one)).frames).to.have.length(4);
      expect(scan(join(BEFORE, garbage, one, one)).frames).to.have.length(1);
      expect(scan(join(garbage, one, one)).frames).to.have.length(2);
    });

    it('refuses a frame of version 1 whose lengths disagree, although a header follows it', () => {
      const one = encodeVersion1(['a']);
      const wrong = Buffer.from(one).fill(7, 18, 19);
      const { frames } = scan(join(one, wrong, wrong, one, one));
      expect(frames.map(({ offset }) => offset / one.length)).to.deep.equal([0, 3, 4]);
    });

    it('refuses a frame that is too large to keep, and does not wait for its end', () => {
      const storedBytes = 2 ** 24 + 101;
      const facts = { bodyBytes: storedBytes, storedBytes, sequence: 3n, writer: WRITER };
      const large = forgeFrame(Buffer.alloc(0), facts);
      const queue = new ByteQueue();
      const scanner = new FrameScanner({ whenDamaged: 'skip', maxRecordBytes: 100, queue });
      queue.push(Buffer.concat([BEFORE, bad, large, AFTER, AFTER]));
      scanner.end();
      expect([scanner.next(), scanner.next()].map((frame) => frame?.offset)).to.deep.equal([
        0,
        BEFORE.length + bad.length + large.length,
      ]);
    });

    it('gets past thousands of headers that claim to be long', () => {
      const { bytes } = sealArchive([[{ payload: 'x' }]]);
      const header = forgeLong();
      const candidates = 20_000;
      for (const head of [header.fill(0xee, 60, 64).subarray(0, 64), forgeLong()]) {
        const hostile: Buffer[] = Array(candidates).fill(head);
        const found = scan([BEFORE, bad, ...hostile, bytes]);
        expect(found.frames.length).to.be.within(1, 3);
      }
    });

    it('reports thousands of version-1 headers that claim to be long as one damage', () => {
      const long = Buffer.alloc(22);
      long.set(encodeVersion1(['x']).subarray(0, 6));
      long.writeInt32LE(2 ** 25, 6);
      long.writeInt32LE(2 ** 25, 10);
      const candidates = 20_000;
      const found = scan(Array(candidates).fill(long));
      expect(found.damage).to.deep.equal([
        { ...{ archive: undefined, begin: 0, end: 22 * candidates }, ...LOST_VERSION_1 },
      ]);
    });

    it('keeps one candidate and the header after it, and drops all other bytes at once', () => {
      const queue = new ByteQueue();
      const scanner = new FrameScanner({ whenDamaged: 'skip', queue });
      queue.push(Buffer.concat([BEFORE, bad]));
      while (scanner.next() !== null);
      const noise = Buffer.alloc(1000, Buffer.from([0x84, 0x78, 0x86, 0x69, 2, 0]));
      for (let i = 0; i < 1000; i++) {
        queue.push(noise);
        scanner.next();
        expect(queue.length).to.be.below(64);
      }
    });
  });

  describe('at the end', () => {
    it("ends at a torn last frame with tornTail 'end', and reports any other damage", () => {
      const options = { tornTail: 'end' } as const;
      for (let at = 1; at < AFTER.length; at++) {
        const torn = scan(join(BEFORE, AFTER.subarray(0, at)), options);
        expect(offsets(torn)).to.deep.equal([0]);
        expect(torn.damage).to.deep.equal([]);
      }
      for (const rest of [Buffer.alloc(10), Buffer.alloc(100), Buffer.from(AFTER).fill(0, 10)]) {
        expect(scan(join(BEFORE, rest), options).damage).to.have.length(1);
      }
    });

    it('reports damage before the torn frame that is the end', () => {
      const bad = Buffer.from(AFTER).fill(0xee, 70);
      const { damage } = scan(join(BEFORE, bad, AFTER.subarray(0, 70)), { tornTail: 'end' });
      expect(damage).to.have.length(1);
      expect(damage[0]).to.include({ begin: BEFORE.length, end: BEFORE.length + bad.length });
    });

    it('searches after a version-1 header that claims more bytes than follow', () => {
      const frames = encodeVersion1(['a', 'b', 'c']);
      frames.writeInt32LE(2 ** 20, 10);
      for (const tornTail of ['damage', 'end'] as const) {
        const found = scan([frames], { tornTail });
        expect(found.frames).to.have.length(2);
        expect(found.damage[0]).to.include({ begin: 0, end: frames.length / 3, reason: 'torn' });
      }
    });
  });
});

const LOST_VERSION_1 = { reason: 'torn', recordsLost: undefined };

/** A good header of the known writer, with a body that never comes. */
function forgeLong(): Buffer {
  const long = {
    bodyBytes: 2 ** 26,
    storedBytes: 2 ** 26,
    sequence: 9n,
    writer: WRITER,
  };
  return forgeFrame(Buffer.alloc(0), long);
}
