import { expect } from 'chai';
import fc from 'fast-check';

import {
  type CursorFacts,
  formatCursor,
  parseCursor,
} from '../../../lib/reading/cursors/cursor-text.js';

const id = fc.bigInt(0n, 2n ** 64n - 1n).map((n) => n.toString(16).padStart(16, '0'));
const count = fc.maxSafeNat();
const facts: fc.Arbitrary<CursorFacts> = fc.record({
  writers: fc.array(fc.record({ writer: id, next: count }), { maxLength: 20 }),
  archives: fc.array(
    fc.record({
      hash: id,
      nameLength: fc.option(fc.nat(200)),
      headBytes: fc.nat(512),
      records: count,
    }),
    { maxLength: 20 },
  ),
});

describe('the text of a cursor', () => {
  it('says what was put into it, in characters that JSON and URLs do not escape', () => {
    fc.assert(
      fc.property(facts, (given) => {
        const text = formatCursor(given);
        expect(text).to.match(/^1\.[\w-]+$/);
        expect(parseCursor(text)).to.deep.equal(given);
      }),
    );
  });

  it('takes at most 40 characters per writer', () => {
    const writers = Array.from({ length: 1000 }, (_, i) => ({
      writer: (2n ** 64n - 1n - BigInt(i)).toString(16),
      next: Number.MAX_SAFE_INTEGER,
    }));
    expect(formatCursor({ writers, archives: [] }).length / 1000).to.be.lessThan(40);
  });

  it('refuses every text that differs in one character', () => {
    const writers = [{ writer: '5ca1ab1e0ddba115', next: 1234 }];
    const archives = [{ hash: '0123456789abcdef', nameLength: null, headBytes: 512, records: 7 }];
    const text = formatCursor({ writers, archives });
    for (let at = 0; at < text.length; at++) {
      for (const other of ['', '0', '1', '2', 'A', 'Q', '-', '_', '.', ' ', '=', `${text[at]}A`]) {
        if (other === text[at]) continue;
        const altered = text.slice(0, at) + other + text.slice(at + 1);
        if (altered === text) continue;
        expect(() => parseCursor(altered), altered).to.throw(RangeError, /^after is /);
      }
    }
  });

  it('refuses a later version, and every other value, by the name of the option', () => {
    expect(() => parseCursor('2.AAAA')).to.throw(RangeError, 'after is a cursor of version "2"');
    for (const text of [
      '',
      '1',
      '1.',
      '1.!',
      'x',
      '01.AAAA',
      '1.AAAA',
      `1.${'A'.repeat(10_000)}`,
    ]) {
      expect(() => parseCursor(text), text).to.throw(RangeError, /^after is /);
    }
    for (const value of [null, 1, {}, [], new Date(0)]) {
      expect(() => parseCursor(value)).to.throw(TypeError, /^after is /);
    }
  });
});
