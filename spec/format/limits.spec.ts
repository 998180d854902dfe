import { expect } from 'chai';

import * as limits from '../../lib/format/limits.js';

describe('limits', () => {
  it('keeps the default block within the largest block', () => {
    expect(limits.DEFAULT_BLOCK_BYTES).to.be.at.most(limits.LARGEST_BLOCK_BYTES);
  });

  it('keeps the largest record and block within the lengths of a header', () => {
    expect(limits.LARGEST_RECORD_BYTES).to.be.below(2 ** 31);
    expect(limits.LARGEST_RECORD_BYTES + limits.LARGEST_BLOCK_BYTES).to.be.below(2 ** 32);
  });
});
