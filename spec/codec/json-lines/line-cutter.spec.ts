import { expect } from 'chai';
import fc from 'fast-check';

import { LineCutter } from '../../../lib/codec/json-lines/line-cutter.js';
import { cutBySizes, pieceSizes } from '../../properties/piece-sizes.js';

const NO_LIMIT = 2 ** 30;

function cut(chunks: Iterable<Buffer>, maxLineBytes: number) {
  const cutter = new LineCutter(maxLineBytes);
  const found: { text: string; isCut: boolean }[] = [];
  const take = () => {
    for (let lines = cutter.next(); lines !== null; lines = cutter.next()) {
      found.push({ text: lines.bytes.toString('latin1'), isCut: lines.isCut });
    }
  };
  for (const chunk of chunks) {
    cutter.push(chunk);
    take();
  }
  cutter.end();
  take();
  return found;
}

describe('LineCutter', () => {
  it('gives all bytes in their order, cut only where lines end', () => {
    const bytes = fc.array(fc.constantFrom('\n', 'a', 'bcd'.repeat(90)), { maxLength: 40 });
    fc.assert(
      fc.property(bytes, pieceSizes, (parts, sizes) => {
        const input = parts.join('');
        const found = cut(cutBySizes(Buffer.from(input), sizes), NO_LIMIT);
        expect(found.map(({ text }) => text).join('')).to.equal(input);
        for (const { text } of found.slice(0, -1)) expect(text).to.match(/\n$/);
        expect(found.some(({ isCut }) => isCut)).to.equal(false);
      }),
    );
  });

  it('gives pieces of about 64 KiB of a large chunk', () => {
    const found = cut([Buffer.from('x'.repeat(999).concat('\n').repeat(1000))], NO_LIMIT);
    for (const { text } of found) expect(text.length).to.be.at.most(66_000);
    expect(found.length).to.be.within(15, 17);
  });

  it('drops the rest of a line that is too long', () => {
    const chunks = ['a\nbb', 'bb', 'bb', 'bb\nc', '\n'].map((text) => Buffer.from(text));
    expect(cut(chunks, 4)).to.deep.equal([
      { text: 'a\n', isCut: false },
      { text: 'bbbbbb', isCut: true },
      { text: 'c\n', isCut: false },
    ]);
    expect(cut([Buffer.from('12345'), Buffer.from('678')], 4)).to.deep.equal([
      { text: '12345', isCut: true },
    ]);
  });
});
