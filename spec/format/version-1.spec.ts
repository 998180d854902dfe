import { expect } from 'chai';

import * as version1 from '../../lib/format/version-1.js';

describe('version 1', () => {
  it('has a header of 18 bytes: preamble and three int32', () => {
    expect(version1.V1_METADATA_BYTES_OFFSET).to.equal(6);
    expect(version1.V1_PAYLOAD_BLOCK_BYTES_OFFSET).to.equal(10);
    expect(version1.V1_END_OFFSET).to.equal(14);
    expect(version1.V1_HEADER_BYTES).to.equal(18);
  });
});
