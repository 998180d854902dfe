import { createHash } from 'node:crypto';

import { expect } from 'chai';
import fc from 'fast-check';

import { RangeHash } from '../../../lib/reading/verifying/range-hash.js';

describe('RangeHash', () => {
  it('hashes ranges whose ends are decided only after their bytes have arrived', () => {
    const chunks = fc.array(fc.uint8Array({ maxLength: 9 }), { maxLength: 20 });
    fc.assert(
      fc.property(chunks, fc.array(fc.nat(100), { maxLength: 4 }), (pieces, marks) => {
        const all = Buffer.concat(pieces);
        const ends = marks.filter((at) => at <= all.length).sort((a, b) => a - b);
        const hash = new RangeHash();
        for (const piece of pieces) hash.push(Buffer.from(piece));
        let begin = 0;
        for (const end of ends) {
          hash.advance(end);
          const expected = createHash('sha256').update(all.subarray(begin, end)).digest('hex');
          expect(hash.digest()).to.equal(expected);
          hash.restart();
          begin = end;
        }
      }),
    );
  });

  it('passes over missing bytes, and over what arrived beyond where the others continue', () => {
    for (const resumesAt of [5, 9]) {
      const hash = new RangeHash();
      hash.push(Buffer.from('abcdefg'));
      hash.advance(2);
      hash.pass(resumesAt);
      hash.restart();
      hash.push(Buffer.from('later'));
      hash.advance(resumesAt + 5);
      expect(hash.digest()).to.equal(createHash('sha256').update('later').digest('hex'));
    }
  });
});
