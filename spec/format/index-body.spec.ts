import { expect } from 'chai';

import * as indexBody from '../../lib/format/index-body.js';

describe('index body', () => {
  it('has 96 bytes of fixed fields that leave no gap', () => {
    const fields: ReadonlyArray<readonly [offset: number, bytes: number]> = [
      [indexBody.INDEX_ARCHIVE_BYTES_OFFSET, 8],
      [indexBody.INDEX_SHA256_OFFSET, indexBody.SHA256_BYTES],
      [indexBody.INDEX_RECORDS_OFFSET, 8],
      [indexBody.INDEX_ORDINAL_OFFSET, 8],
      [indexBody.INDEX_PREVIOUS_SHA256_OFFSET, indexBody.SHA256_BYTES],
      [indexBody.INDEX_FLAGS_OFFSET, 4],
      [indexBody.INDEX_ENTRY_COUNT_OFFSET, 4],
    ];
    let end = 0;
    for (const [offset, bytes] of fields) {
      expect(offset).to.equal(end);
      end = offset + bytes;
    }
    expect(indexBody.INDEX_ENTRIES_OFFSET).to.equal(end);
    expect(indexBody.MIN_INDEX_BODY_BYTES).to.equal(end + 4);
  });

  it('has entries of 40 bytes, at most 65,536', () => {
    expect(indexBody.INDEX_ENTRY_BYTES).to.equal(40);
    expect(indexBody.MAX_INDEX_BODY_BYTES).to.equal(100 + 65_536 * 40);
  });
});
