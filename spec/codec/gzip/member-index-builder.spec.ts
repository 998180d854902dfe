import { expect } from 'chai';

import type { MemberEntry } from '../../../lib/codec/gzip/member-entry.js';
import { MemberIndexBuilder } from '../../../lib/codec/gzip/member-index-builder.js';
import { MAX_MEMBER_ENTRIES } from '../../../lib/format/seekable-gzip.js';

function entryOf(i: number): MemberEntry {
  return {
    ...{ memberBytes: 100, rawBytes: 1000, records: 1, beginsWhole: true, isTimed: true },
    ...{ sequence: i, earliestMicros: i, latestMicros: i },
  };
}

function built(count: number, maxEntries?: number): MemberIndexBuilder {
  const builder = new MemberIndexBuilder(maxEntries);
  for (let i = 0; i < count; i++) builder.add(entryOf(i));
  return builder;
}

describe('MemberIndexBuilder', () => {
  it('has an entry for each member', () => {
    expect(built(4, 4).entries).to.deep.equal([0, 1, 2, 3].map(entryOf));
  });

  it('has none at first', () => {
    expect(built(0).entries).to.deep.equal([]);
  });

  it('merges neighbours at the limit, and goes on with entries for as many members', () => {
    const firstOf = ({ entries }: MemberIndexBuilder) => entries.map(({ sequence }) => sequence);
    expect(firstOf(built(5, 4))).to.deep.equal([0, 2, 4]);
    expect(firstOf(built(6, 4))).to.deep.equal([0, 2, 4]);
    expect(firstOf(built(8, 4))).to.deep.equal([0, 2, 4, 6]);
    expect(firstOf(built(9, 4))).to.deep.equal([0, 4, 8]);
    expect(built(9, 4).entries.map(({ records }) => records)).to.deep.equal([4, 4, 1]);
  });

  it('adds up to the same, merged or not', () => {
    for (const count of [0, 1, 3, 4, 5, 17, 100]) {
      const builder = built(count, 4);
      const sum = (key: 'memberBytes' | 'rawBytes' | 'records') =>
        builder.entries.reduce((so, entry) => so + entry[key], 0);
      expect(builder.entries.length).to.be.at.most(4);
      expect([sum('memberBytes'), sum('rawBytes'), sum('records')]).to.deep.equal([
        100 * count,
        1000 * count,
        count,
      ]);
      expect([builder.memberBytes, builder.rawBytes, builder.records]).to.deep.equal([
        100 * count,
        1000 * count,
        count,
      ]);
    }
  });

  it('has at most 65,536 entries', () => {
    expect(built(MAX_MEMBER_ENTRIES).entries.length).to.equal(65_536);
    expect(built(MAX_MEMBER_ENTRIES + 1).entries.length).to.equal(32_769);
  });
});
