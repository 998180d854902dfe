import { expect } from 'chai';

import { PlainTexts } from '../../../lib/exporting/parquet/plain-texts.js';
import { textStatistics } from '../../../lib/exporting/parquet/text-statistics.js';

function statisticsOf(...texts: string[]) {
  const plain = new PlainTexts();
  for (const text of texts) plain.add(text);
  const { max_value, min_value, null_count } = textStatistics(plain.bytes, 3);
  return { least: min_value?.toString(), most: max_value?.toString(), null_count };
}

describe('textStatistics', () => {
  it('finds the least and the greatest text in the order of their UTF-8 bytes', () => {
    // In UTF-16 the code point beyond the first plane comes before U+FFFD.
    const texts = ['b', 'ab', 'a', '\u{1f600}', '\ufffd'];
    expect(statisticsOf(...texts)).to.deep.equal({ least: 'a', most: '\u{1f600}', null_count: 3n });
    expect(statisticsOf('a', '')).to.deep.include({ least: '', most: 'a' });
  });

  it('has no bounds without texts', () => {
    expect(textStatistics(Buffer.alloc(0), 3)).to.deep.equal({ null_count: 3n });
  });

  it('keeps the beginning of long texts, unless it cannot be a bound', () => {
    const long = 'y'.repeat(1000);
    expect(statisticsOf(long, 'z')).to.deep.include({ least: 'y'.repeat(64), most: 'z' });
    const greatest = '\u{10ffff}';
    expect(statisticsOf(greatest.repeat(100)).most).to.equal(undefined);
    expect(statisticsOf(greatest).most).to.equal(greatest);
  });
});
