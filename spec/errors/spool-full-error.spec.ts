import { expect } from 'chai';

import { ArchiveError } from '../../lib/errors/archive-error.js';
import { SpoolFullError } from '../../lib/errors/spool-full-error.js';

describe('SpoolFullError', () => {
  it('says how much waits, and how much may', () => {
    const error = new SpoolFullError(1100, 1000);
    expect(error).to.be.instanceOf(ArchiveError);
    expect(error).to.include({
      name: 'SpoolFullError',
      code: 'ERR_SPOOL_FULL',
      spoolBytes: 1100,
      maxSpoolBytes: 1000,
      message: 'cannot write: 1100 bytes wait to be shipped, expected less than 1000',
    });
  });
});
