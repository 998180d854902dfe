import { expect } from 'chai';
import fc from 'fast-check';

import { mostBytes, NOT_WELL_FORMED, putPiece, putText } from '../../../lib/codec/bytes/text.js';
import { anyText } from '../../support/arbitrary-record.js';

function put(text: string): Buffer | number {
  const bytes = Buffer.alloc(3 * text.length + 2);
  const written = putText(bytes, 1, text);
  return written === NOT_WELL_FORMED ? written : bytes.subarray(1, 1 + written);
}

const LENGTHS = [0, 1, 47, 48, 49, 100, 5000];

describe('putText', () => {
  it('writes any well-formed text as its UTF-8', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(put(text)).to.deep.equal(Buffer.from(text));
      }),
    );
  });

  for (const length of LENGTHS) {
    for (const letter of ['a', '\u0000', '\u007f', '\u0080', 'é', '€', '\uffff', '👟']) {
      it(`writes ${length} times ${JSON.stringify(letter)}`, () => {
        expect(put(letter.repeat(length))).to.deep.equal(Buffer.from(letter.repeat(length)));
      });
    }
    for (const half of ['\ud800', '\udfff']) {
      it(`refuses ${JSON.stringify(half)} after ${length} letters and before as many`, () => {
        const letters = 'a'.repeat(length);
        expect(put(letters + half)).to.equal(NOT_WELL_FORMED);
        expect(put(half + letters)).to.equal(NOT_WELL_FORMED);
        expect(put(letters + half + letters)).to.equal(NOT_WELL_FORMED);
      });
    }
  }

  it('refuses the halves of a pair in the wrong order', () => {
    expect(put('\udc5f\ud83d')).to.equal(NOT_WELL_FORMED);
  });

  it('refuses any text that is not well formed', () => {
    fc.assert(
      fc.property(anyText, fc.constantFrom('\ud83d', '\udc5f'), anyText, (before, half, after) => {
        const text = before + half + after;
        fc.pre(!text.isWellFormed());
        expect(put(text)).to.equal(NOT_WELL_FORMED);
      }),
    );
  });
});

describe('putPiece', () => {
  it('copies bytes unchanged', () => {
    const bytes = Buffer.alloc(4);
    expect(putPiece(bytes, 1, Uint8Array.of(0xff, 0x80))).to.equal(2);
    expect(bytes.toString('hex')).to.equal('00ff8000');
  });

  it('writes text as its UTF-8', () => {
    const bytes = Buffer.alloc(4);
    expect(putPiece(bytes, 1, '€')).to.equal(3);
    expect(bytes.toString('hex')).to.equal('00e282ac');
  });
});

describe('mostBytes', () => {
  it('is never less than the bytes written', () => {
    fc.assert(
      fc.property(anyText, fc.constantFrom(1, 400, 3000), (text, times) => {
        const long = text.repeat(times);
        expect(mostBytes(long)).to.be.at.least(Buffer.byteLength(long));
      }),
    );
  });

  it('is exact for bytes and for long text', () => {
    expect(mostBytes(new Uint8Array(7))).to.equal(7);
    expect(mostBytes('a'.repeat(4097))).to.equal(4097);
    expect(mostBytes('€'.repeat(4097))).to.equal(3 * 4097);
  });
});
