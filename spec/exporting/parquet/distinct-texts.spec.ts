import { expect } from 'chai';

import { distinctTexts } from '../../../lib/exporting/parquet/distinct-texts.js';
import { PlainTexts } from '../../../lib/exporting/parquet/plain-texts.js';

function plainOf(texts: readonly string[]): PlainTexts {
  const plain = new PlainTexts();
  for (const text of texts) plain.add(text);
  return plain;
}

function distinctOf(texts: readonly string[]) {
  const { bytes, count } = plainOf(texts);
  return distinctTexts(bytes, count);
}

describe('distinctTexts', () => {
  it('numbers texts in the order in which they first occur', () => {
    const long = 'x'.repeat(1000);
    const texts = ['b', 'a', '', 'b', long, `${long}y`, 'a', '', long, `${long}y`];
    const found = distinctOf(texts);
    expect([...(found?.numbers ?? [])]).to.deep.equal([0, 1, 2, 0, 3, 4, 1, 2, 3, 4]);
    expect(found?.bytes).to.deep.equal(plainOf(texts.slice(0, 3).concat(long, `${long}y`)).bytes);
  });

  it('gives up soon if too few occur more than once', () => {
    expect(distinctOf(['a', 'b', 'c'])).to.equal(undefined);
    const texts = Array.from({ length: 2000 }, (_, i) => (i < 1000 ? String(i) : 'same'));
    expect(distinctOf(texts)).to.equal(undefined);
  });

  it('gives up on texts that were made to have one hash', () => {
    const middle = (i: number) => `${'a'.repeat(40)}${String(i).padStart(6, '0')}${'z'.repeat(40)}`;
    const texts = Array.from({ length: 400 }, (_, i) => middle(i % 100));
    expect(distinctOf(texts)).to.equal(undefined);
  });

  it('finds nothing in nothing', () => {
    expect(distinctOf([])).to.deep.include({ count: 0 });
  });
});
