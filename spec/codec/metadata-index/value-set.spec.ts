import { expect } from 'chai';
import fc from 'fast-check';

import { ValueSet } from '../../../lib/codec/metadata-index/value-set.js';

function collect(values: readonly string[], set = new ValueSet()) {
  const bytes = Buffer.from(values.join(''));
  let at = 0;
  for (const value of values) {
    const end = at + Buffer.byteLength(value);
    set.add(bytes, at, end);
    at = end;
  }
  const found = Array.from({ length: set.size }, (_, i) =>
    bytes.toString('utf8', set.startOf(i), set.endOf(i)),
  );
  return { set, bytes, found };
}

describe('ValueSet', () => {
  it('holds each value once', () => {
    const text = fc.oneof(fc.string({ maxLength: 3 }), fc.constantFrom('', 'ä', 'x'.repeat(50)));
    const property = fc.property(fc.array(text, { maxLength: 300 }), (values) => {
      expect(collect(values).found).to.have.members([...new Set(values)]);
    });
    fc.assert(property, { numRuns: 100 });
  });

  it('grows, and is empty again after clear', () => {
    const many = Array.from({ length: 5000 }, (_, i) => `value ${i % 4000}`);
    const { bytes, set } = collect(many);
    expect(set).to.include({ size: 4000, isOverfull: false });
    expect(new BigInt64Array(set.hashes(bytes).buffer)).to.have.length(4000);
    set.clear();
    expect(collect(['a', 'a', 'b'], set).found).to.deep.equal(['a', 'b']);
  });

  it('says when it did not take all values of a huge block', () => {
    const { set } = collect(Array.from({ length: 70_000 }, (_, i) => i.toString(36).padStart(4)));
    expect(set).to.include({ size: 65_536, isOverfull: true });
    set.clear();
    expect(set).to.include({ size: 0, isOverfull: false });
  });
});
