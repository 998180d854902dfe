import { expect } from 'chai';

import * as format from '../../lib/format/member-index.js';

describe('the member index', () => {
  it('has entries of 52 bytes whose fields leave no gap', () => {
    const offsets = [
      format.ENTRY_MEMBER_BYTES_OFFSET,
      format.ENTRY_RAW_BYTES_OFFSET,
      format.ENTRY_RECORDS_OFFSET,
      format.ENTRY_SEQUENCE_OFFSET,
      format.ENTRY_EARLIEST_TIME_OFFSET,
      format.ENTRY_LATEST_TIME_OFFSET,
      format.ENTRY_FLAGS_OFFSET,
    ];
    expect(offsets).to.deep.equal([0, 8, 16, 24, 32, 40, 48]);
    expect(format.ENTRY_BYTES).to.equal(48 + 4);
  });

  it('has sections of the sizes in docs/format-gzip.md', () => {
    expect(format.INDEX_FIXED_BYTES).to.equal(16);
    expect(format.END_SECTION_BYTES).to.equal(52);
  });
});
