import { expect } from 'chai';

import { gzipFormat } from '../../../../lib/codec/compression/gzip/gzip-format.js';
import {
  encodeEndMember,
  encodeIndexMembers,
  memberKindOf,
} from '../../../../lib/codec/compression/gzip/gzip-member.js';
import type { MemberEntry } from '../../../../lib/codec/compression/members/member-entry.js';
import { SuffixCheck } from '../../../../lib/codec/compression/members/suffix-check.js';
import { MAX_INDEX_BYTES } from '../../../../lib/format/seekable-gzip.js';

const ENTRY: MemberEntry = {
  memberBytes: 200,
  rawBytes: 126,
  records: 2,
  sequence: 0,
  earliestMicros: 1,
  latestMicros: 2,
  beginsWhole: true,
  isTimed: true,
};

const INDEX = Buffer.concat([...encodeIndexMembers([ENTRY])]);

function endOf(rawBytes = 126, dataBytes = 200): Buffer {
  const totals = { indexBytes: INDEX.length, dataBytes, rawBytes, records: 2 };
  return encodeEndMember({ ...totals, recordsAreExact: true, writer: null });
}

/** Checks a file of one data member, and of `index` and `end`. */
function check(rawBytes: number, index: Buffer | undefined, end: Buffer | undefined) {
  const suffix = new SuffixCheck(gzipFormat, 'a.gz');
  suffix.addData('data', rawBytes);
  const indexEnd = 200 + INDEX.length;
  if (index === undefined) suffix.addDamaged('index', indexEnd, '03', 'other bytes');
  else suffix.addIndex(index, MAX_INDEX_BYTES);
  if (end === undefined) suffix.addDamaged('end', indexEnd + 78, '03', 'other bytes');
  else suffix.addEnd(end, indexEnd + 78);
  return suffix;
}

describe('SuffixCheck', () => {
  it('accepts what a writer wrote', () => {
    const suffix = check(126, INDEX, endOf());
    expect([suffix.lacksEnd, suffix.damageAt(0, 500)]).to.deep.equal([false, undefined]);
  });

  it('finds any flipped bit of the index and of the last member', () => {
    for (const [member, other] of [
      [INDEX, 'end'],
      [endOf(), 'index'],
    ] as const) {
      for (let bit = 0; bit < 8 * member.length; bit++) {
        const flipped = Buffer.from(member);
        flipped.writeUInt8(flipped.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
        // A member of another kind or with another end never comes here.
        if (memberKindOf(flipped) !== memberKindOf(member)) continue;
        const suffix = other === 'end' ? check(126, flipped, endOf()) : check(126, INDEX, flipped);
        expect(suffix.damageAt(0, 500), `bit ${bit}`).to.have.property('reason', 'bad-gzip');
      }
    }
  });

  it('compares the sizes with those of the members', () => {
    expect(check(125, INDEX, endOf()).damageAt(0, 500)?.message).to.include('126 bytes');
    expect(check(126, INDEX, endOf(126, 100)).damageAt(0, 500)).to.include({ reason: 'bad-gzip' });
  });

  it('finds members that do not end as they must, and padding', () => {
    expect(check(126, undefined, endOf()).damageAt(0, 500)).to.include({ what: 'gzip index' });
    expect(check(126, INDEX, undefined).damageAt(0, 500)).to.include({ what: 'gzip index' });
    expect(check(126, INDEX, endOf()).damageAt(4, 500)).to.include({ offset: 496 });
  });

  it('knows a file that lost its last member, but only if the first one is ours', () => {
    const suffix = new SuffixCheck(gzipFormat, undefined);
    suffix.addData('other', 5);
    suffix.addData('data', 5);
    expect([suffix.lacksEnd, suffix.damageAt(3, 500)]).to.deep.equal([false, undefined]);
    const ours = new SuffixCheck(gzipFormat, undefined);
    ours.addData('data', 5);
    expect(ours.lacksEnd).to.equal(true);
  });

  it('checks each of several files that were concatenated', () => {
    const suffix = check(126, INDEX, endOf());
    suffix.addData('data', 126);
    suffix.addIndex(INDEX, MAX_INDEX_BYTES);
    suffix.addEnd(endOf(), 1000 + INDEX.length + 78);
    expect([suffix.lacksEnd, suffix.damageAt(0, 2000)]).to.deep.equal([false, undefined]);
  });
});
