import { expect } from 'chai';

import { ArchiveError } from '../../lib/errors/archive-error.js';
import { NotAFileError } from '../../lib/errors/not-a-file-error.js';
import { fromSystemError } from '../../lib/files/system-error.js';
import { outlookOf } from '../../lib/shipping/failure-outlook.js';
import { storeError } from '../support/memory-store.js';
import { systemError } from '../support/test-disk.js';

describe('outlookOf', () => {
  const cases: readonly (readonly [what: string, error: unknown, outlook: string])[] = [
    ['a transient failure of the store', storeError(true), 'may pass'],
    ['a redirect', storeError(false, 'TemporaryRedirect'), 'may pass'],
    ['a checksum that did not match', storeError(false, 'XAmzContentSHA256Mismatch'), 'may pass'],
    ['a clock that differs', storeError(false, 'RequestTimeTooSkewed'), 'may pass'],
    ['an expired token', storeError(false, 'ExpiredToken'), 'may pass'],
    ['wrong credentials', storeError(false, 'SignatureDoesNotMatch'), 'doubtful'],
    ['a missing bucket', storeError(false, 'NoSuchBucket'), 'doubtful'],
    ['a full disk', systemError('ENOSPC', 'open'), 'may pass'],
    ['a directory without permission', systemError('EACCES', 'open'), 'doubtful'],
    ['that of a store', fromSystemError(systemError('EACCES', 'open'), 'put', '/x'), 'doubtful'],
    ['any error of a store of the user', new Error('odd'), 'may pass'],
    ['anything else that it throws', 'odd', 'may pass'],
    ['a misuse', new RangeError('odd'), 'final'],
    ['taken keys', new ArchiveError('ERR_KEY_TAKEN', 'taken'), 'final'],
    ['a link in place of the archive', new NotAFileError('/x', 'a symbolic link'), 'final'],
  ];
  for (const [what, error, outlook] of cases) {
    it(`says of ${what}: ${outlook}`, () => {
      expect(outlookOf(error)).to.equal(outlook);
    });
  }
});
