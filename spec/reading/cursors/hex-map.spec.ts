import { expect } from 'chai';
import fc from 'fast-check';

import { HexMap } from '../../../lib/reading/cursors/hex-map.js';

describe('HexMap', () => {
  // Few digits, so that many keys begin alike.
  const key = fc.array(fc.constantFrom('0', '1', 'f'), { minLength: 6, maxLength: 6 });
  const put = fc.tuple(
    key.map((digits) => digits.join('')),
    fc.nat(),
  );
  const changes = fc.array(fc.array(put));

  it('holds what a Map holds, sorted by key, and never changes', () => {
    fc.assert(
      fc.property(changes, (changed) => {
        const expected = new Map<string, number>();
        const earlier: [HexMap<number>, (readonly [string, number])[]][] = [];
        let map = new HexMap<number>();
        for (const entries of changed) {
          map = map.with(entries);
          for (const [key, value] of entries) expected.set(key, value);
          earlier.push([map, [...expected].sort(([a], [b]) => (a < b ? -1 : 1))]);
        }
        for (const [before, held] of earlier) expect([...before.entries()]).to.deep.equal(held);
        for (const [key, value] of expected) expect(map.get(key)).to.equal(value);
        expect(map.get('222222')).to.equal(undefined);
      }),
    );
  });
});
