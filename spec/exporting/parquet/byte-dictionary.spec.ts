import { expect } from 'chai';

import { ByteDictionary } from '../../../lib/exporting/parquet/byte-dictionary.js';
import { PlainTexts } from '../../../lib/exporting/parquet/plain-texts.js';

function plainOf(texts: readonly string[]): Buffer {
  const plain = new PlainTexts();
  for (const text of texts) plain.add(text);
  return plain.bytes;
}

describe('ByteDictionary', () => {
  it('gives equal texts one number, however many there are, and none that was cleared', () => {
    const dictionary = new ByteDictionary();
    for (const prefix of ['', 'é'.repeat(40)]) {
      const texts = Array.from({ length: 3000 }, (_, i) => `${prefix}${i}`);
      for (const _ of [1, 2]) {
        expect(texts.map((text) => dictionary.numberOf(text))).to.deep.equal(
          texts.map((_, i) => i),
        );
      }
      const bytes = Buffer.from(`--${texts[7]}--`);
      expect(dictionary.numberOfBytes(bytes, 2, bytes.length - 2)).to.equal(7);
      expect(dictionary.bytes).to.deep.equal(plainOf(texts));
      dictionary.clear();
    }
    expect(dictionary.count).to.equal(0);
  });

  it('has bytes that are not UTF-8 as U+FFFD, and half of a surrogate pair, too', () => {
    const dictionary = new ByteDictionary();
    const numbers = [
      dictionary.numberOfBytes(Buffer.of(0x61, 0xff), 0, 2),
      dictionary.numberOf('a\ufffd'),
      dictionary.numberOf('a\ud800'),
    ];
    expect(numbers).to.deep.equal([0, 0, 0]);
    expect(dictionary.bytes).to.deep.equal(plainOf(['a\ufffd']));
  });

  it('takes texts that were made to have one hash', () => {
    const dictionary = new ByteDictionary();
    const middle = (i: number) => `${'a'.repeat(40)}${String(i).padStart(6, '0')}${'z'.repeat(40)}`;
    const texts = Array.from({ length: 1000 }, (_, i) => middle(i % 100));
    const bytes = plainOf(texts);
    const numbers = texts.map((text) => dictionary.numberOf(text));
    const size = bytes.length / texts.length;
    for (const [i, number] of numbers.entries()) {
      const from = number * size;
      expect(dictionary.bytes.subarray(from, from + size)).to.deep.equal(
        bytes.subarray(i * size, (i + 1) * size),
      );
    }
  });
});
