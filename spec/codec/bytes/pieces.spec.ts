import { expect } from 'chai';

import { splitPieces, totalBytes } from '../../../lib/codec/bytes/pieces.js';

const PIECES = ['ab', '', 'c', 'def'].map((text) => Buffer.from(text));

describe('totalBytes', () => {
  it('adds up the sizes of all pieces', () => {
    expect(totalBytes(PIECES)).to.equal(6);
    expect(totalBytes([])).to.equal(0);
  });
});

describe('splitPieces', () => {
  it('splits at any byte, within a piece or between two, and past the end', () => {
    for (let count = 0; count <= 8; count++) {
      const { head, rest } = splitPieces(PIECES, count);
      expect(head.toString()).to.equal('abcdef'.slice(0, count));
      expect(Buffer.concat(rest).toString()).to.equal('abcdef'.slice(count));
      expect(rest.every(({ length }) => length > 0)).to.equal(true);
    }
  });

  it('gives views of the rest', () => {
    const { rest } = splitPieces(PIECES, 4);
    expect(rest[0]?.buffer).to.equal(PIECES[3]?.buffer);
  });
});
