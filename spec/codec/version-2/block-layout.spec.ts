import { expect } from 'chai';

import { BlockLayout } from '../../../lib/codec/version-2/block-layout.js';

describe('BlockLayout', () => {
  const keys = ['a', '__proto__', ''].map((key) => Buffer.from(key));
  const layout = new BlockLayout(keys);
  // two bytes before; a = x, __proto__ = yz, '' = ''; one byte after
  const bytes = Buffer.from('eeee0001780102797a0200ee', 'hex');

  it('reads keys by their index, and values, from start to end', () => {
    const metadata = layout.decode(bytes, 2, bytes.length - 1);
    expect(Object.entries(metadata)).to.deep.equal([
      ['a', 'x'],
      ['__proto__', 'yz'],
      ['', ''],
    ]);
  });

  it('returns the values as views, in their order', () => {
    const pairs = layout.pairs(bytes, 2, bytes.length - 1);
    expect(pairs.map(([key, value]) => `${key}=${value}`)).to.deep.equal([
      'a=x',
      '__proto__=yz',
      '=',
    ]);
    expect(pairs[0]?.[1].buffer).to.equal(bytes.buffer);
  });

  it('reads nothing from nothing', () => {
    expect(Object.keys(layout.decode(bytes, 2, 2))).to.deep.equal([]);
    expect(layout.pairs(bytes, 2, 2)).to.deep.equal([]);
  });

  it('decodes the last of two values of one key, and keeps both in pairs', () => {
    const twice = Buffer.from('000178000179', 'hex');
    expect(layout.decode(twice, 0, 6)).to.deep.equal(
      Object.assign(Object.create(null), { a: 'y' }),
    );
    expect(layout.pairs(twice, 0, 6)).to.have.length(2);
  });
});
