import { expect } from 'chai';

import * as format from '../../lib/format/seekable-gzip.js';

describe('seekable gzip', () => {
  it('has members of the sizes in docs/format-gzip.md', () => {
    expect(format.SUBFIELD_DATA_OFFSET).to.equal(16);
    expect(format.DATA_SECTION_BYTES).to.equal(60);
    expect(format.DATA_HEADER_BYTES).to.equal(76);
    expect(format.END_MEMBER_BYTES).to.equal(78);
    expect(format.MIN_INDEX_BYTES).to.equal(42);
  });

  it('keeps subfields within the 65,531 bytes that gzip allows', () => {
    expect(format.MAX_SUBFIELD_BYTES).to.equal(65_531);
    expect(format.MAX_ENTRIES_PER_MEMBER).to.equal(1259);
    expect(16 + 1259 * 52).to.be.at.most(65_531);
    expect(16 + 1260 * 52).to.be.above(65_531);
  });

  it('bounds the memory that a reader needs for an index', () => {
    expect(format.MAX_INDEX_BYTES).to.equal(65_536 * 52 + 53 * 42);
  });
});
