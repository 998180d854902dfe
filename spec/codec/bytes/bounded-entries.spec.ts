import { expect } from 'chai';

import { BoundedEntries } from '../../../lib/codec/bytes/bounded-entries.js';
import {
  type MemberEntry,
  mergeMemberEntries,
} from '../../../lib/codec/compression/members/member-entry.js';
import { MAX_MEMBER_ENTRIES } from '../../../lib/format/member-index.js';

function entryOf(i: number): MemberEntry {
  return {
    ...{ memberBytes: 100, rawBytes: 1000, records: 1, beginsWhole: true, isTimed: true },
    ...{ sequence: i, earliestMicros: i, latestMicros: i },
  };
}

function built(count: number, maxEntries = MAX_MEMBER_ENTRIES): readonly MemberEntry[] {
  const list = new BoundedEntries(maxEntries, mergeMemberEntries);
  for (let i = 0; i < count; i++) list.add(entryOf(i));
  return list.entries;
}

describe('BoundedEntries', () => {
  it('keeps each entry that is added, up to the limit', () => {
    expect(built(4, 4)).to.deep.equal([0, 1, 2, 3].map(entryOf));
  });

  it('is empty at first', () => {
    expect(built(0)).to.deep.equal([]);
  });

  it('merges neighbours at the limit, and later entries cover as many runs', () => {
    const firstOf = (entries: readonly MemberEntry[]) => entries.map(({ sequence }) => sequence);
    expect(firstOf(built(5, 4))).to.deep.equal([0, 2, 4]);
    expect(firstOf(built(6, 4))).to.deep.equal([0, 2, 4]);
    expect(firstOf(built(8, 4))).to.deep.equal([0, 2, 4, 6]);
    expect(firstOf(built(9, 4))).to.deep.equal([0, 4, 8]);
    expect(built(9, 4).map(({ records }) => records)).to.deep.equal([4, 4, 1]);
  });

  it('keeps a last entry that has no neighbour when the limit is odd', () => {
    expect(built(4, 3).map(({ records }) => records)).to.deep.equal([2, 1, 1]);
  });

  it('adds up to the same, merged or not', () => {
    for (const count of [0, 1, 3, 4, 5, 17, 100]) {
      const entries = built(count, 4);
      const sum = (key: 'memberBytes' | 'rawBytes' | 'records') =>
        entries.reduce((so, entry) => so + entry[key], 0);
      expect(entries.length).to.be.at.most(4);
      expect([sum('memberBytes'), sum('rawBytes'), sum('records')]).to.deep.equal([
        100 * count,
        1000 * count,
        count,
      ]);
    }
  });

  it('has at most 65,536 entries for a member index', () => {
    expect(built(MAX_MEMBER_ENTRIES).length).to.equal(65_536);
    expect(built(MAX_MEMBER_ENTRIES + 1).length).to.equal(32_769);
  });
});
