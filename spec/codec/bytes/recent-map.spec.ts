import { expect } from 'chai';

import { RecentMap } from '../../../lib/codec/bytes/recent-map.js';

describe('RecentMap', () => {
  it('keeps the keys that were set last', () => {
    const map = new RecentMap<number>(2);
    map.set('a', 1);
    map.set('b', 2);
    map.set('a', 3);
    map.set('c', 4);
    expect([map.get('a'), map.get('b'), map.get('c')]).to.deep.equal([3, undefined, 4]);
    expect(map.size).to.equal(2);
  });
});
