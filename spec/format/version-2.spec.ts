import { expect } from 'chai';

import * as version2 from '../../lib/format/version-2.js';

describe('version 2', () => {
  it('has a header of 64 bytes whose fields leave no gap', () => {
    const fields: ReadonlyArray<readonly [offset: number, bytes: number]> = [
      [0, 6],
      [version2.KIND_OFFSET, 1],
      [version2.CODEC_OFFSET, 1],
      [version2.RECORD_COUNT_OFFSET, 4],
      [version2.BODY_BYTES_OFFSET, 4],
      [version2.STORED_BYTES_OFFSET, 4],
      [version2.BODY_CRC_OFFSET, 4],
      [version2.SEQUENCE_OFFSET, 8],
      [version2.EARLIEST_TIME_OFFSET, 8],
      [version2.LATEST_TIME_OFFSET, 8],
      [version2.WRITER_OFFSET, version2.WRITER_BYTES],
      [version2.FLAGS_OFFSET, 4],
      [version2.HEADER_CRC_OFFSET, 4],
    ];
    let end = 0;
    for (const [offset, bytes] of fields) {
      expect(offset).to.equal(end);
      end = offset + bytes;
    }
    expect(version2.HEADER_BYTES).to.equal(end);
    expect(end).to.equal(64);
  });

  it('defines the high 16 flags as critical', () => {
    expect(version2.CRITICAL_FLAGS).to.equal(0xffff0000);
  });
});
