import { expect } from 'chai';
import fc from 'fast-check';

import { measureFrame } from '../../../lib/codec/frames/measure-frame.js';
import { encodeVersion1 } from '../../support/encode-archive.js';
import { type ForgedHeader, forgeFrame } from '../../support/forge-frame.js';

const version1 = encodeVersion1([{ payload: 'some', metadata: { a: 'b' } }]);
const body = Buffer.alloc(10);

describe('measureFrame', () => {
  it('measures a frame of version 1', () => {
    const frame = { bytes: version1.length, holds: 'record', header: null };
    expect(measureFrame(version1)).to.deep.equal(frame);
    expect(measureFrame(version1.subarray(0, 18))).to.deep.equal(frame);
  });

  it('measures a frame of version 2 by its header alone', () => {
    const measured = measureFrame(forgeFrame(body, { records: 3 }).subarray(0, 64));
    expect(measured).to.deep.include({ bytes: 74, holds: 'records' });
    expect(measured).to.have.property('header').that.includes({ records: 3, storedBytes: 10 });
  });

  const kinds: ReadonlyArray<readonly [what: string, header: ForgedHeader, holds: string]> = [
    ['an index', { kind: 2, records: 0 }, 'none'],
    ['a skippable kind', { kind: 128, version: 9 }, 'none'],
    ['records of a later version', { version: 3 }, 'unknown'],
    ['an unknown kind', { kind: 3 }, 'unknown'],
    ['no records', { records: 0 }, 'unknown'],
    ['a sequence beyond 53 bits', { sequence: 2n ** 53n }, 'unknown'],
    ['a last sequence beyond 53 bits', { sequence: 2n ** 53n - 1n, records: 2 }, 'unknown'],
    ['a time beyond 53 bits', { latestMicros: 2n ** 53n }, 'unknown'],
    ['an earliest time after the latest', { earliestMicros: 1n }, 'unknown'],
  ];
  for (const [what, header, holds] of kinds) {
    it(`says that a frame with ${what} holds ${holds}`, () => {
      expect(measureFrame(forgeFrame(body, header))).to.include({ bytes: 74, holds });
    });
  }

  it('returns how many bytes it needs', () => {
    for (let length = 0; length < 6; length++) {
      expect(measureFrame(version1.subarray(0, length))).to.equal(6);
    }
    for (let length = 6; length < 18; length++) {
      expect(measureFrame(version1.subarray(0, length))).to.equal(18);
    }
    const version2 = forgeFrame(body);
    for (let length = 6; length < 64; length++) {
      expect(measureFrame(version2.subarray(0, length))).to.equal(64);
    }
  });

  it('returns null as soon as the bytes cannot begin a frame', () => {
    expect(measureFrame(Buffer.from('{'))).to.equal(null);
    expect(measureFrame(Buffer.from([0x84, 0x78, 0x87]))).to.equal(null);
    expect(measureFrame(Buffer.from('847886690000', 'hex'))).to.equal(null);
    expect(measureFrame(Buffer.from('84788669ffff', 'hex'))).to.equal(null);
  });

  it('returns null for an impossible header', () => {
    const bad1 = Buffer.from(version1);
    bad1.writeInt32LE(7, 14);
    expect(measureFrame(bad1)).to.equal(null);
    const bad2 = forgeFrame(body);
    bad2.writeUInt32LE(11, 16);
    expect(measureFrame(bad2)).to.equal(null);
  });

  it('accepts any bytes', () => {
    const starts = [version1, forgeFrame(body)];
    fc.assert(
      fc.property(fc.nat(1), fc.nat(64), fc.uint8Array(), (which, kept, bytes) => {
        const head = Buffer.concat([starts[which]?.subarray(0, kept) ?? body, bytes]);
        const measured = measureFrame(head);
        if (typeof measured === 'number') expect(measured).to.be.above(head.length);
        else if (measured !== null) expect(measured.bytes).to.be.at.least(26);
      }),
    );
  });
});
