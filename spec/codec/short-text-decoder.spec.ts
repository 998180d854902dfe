import { expect } from 'chai';
import fc from 'fast-check';

import { ShortTextDecoder } from '../../lib/codec/short-text-decoder.js';

/** Of few letters, so that many have a place in common. */
const alike = fc.string({ unit: fc.constantFrom('a', 'b', '\u007f', 'é', '€'), maxLength: 20 });

describe('ShortTextDecoder', () => {
  it('gives what Buffer.toString gives, whatever it gave before', () => {
    const anyBytes = fc.oneof(
      alike.map((text) => Buffer.from(text)),
      fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes)),
    );
    fc.assert(
      fc.property(fc.array(anyBytes), (pieces) => {
        const decoder = new ShortTextDecoder();
        for (const piece of [...pieces, ...pieces]) {
          const bytes = Buffer.concat([Buffer.from('<'), piece, Buffer.from('>')]);
          const text = decoder.decode(bytes, 1, 1 + piece.length);
          expect(text).to.equal(piece.toString('utf8'));
        }
      }),
    );
  });

  it('tells bytes that are not UTF-8 from the text they read as', () => {
    const decoder = new ShortTextDecoder();
    const pieces = [Buffer.of(0xff), Buffer.from('\ufffd'), Buffer.of(0xfe), Buffer.of(0xe9)];
    for (const piece of pieces) expect(decoder.decode(piece, 0, piece.length)).to.equal('\ufffd');
    expect(decoder.decode(Buffer.from('é'), 0, 2)).to.equal('é');
  });
});
