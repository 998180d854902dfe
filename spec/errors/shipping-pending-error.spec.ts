import { expect } from 'chai';

import { ArchiveError } from '../../lib/errors/archive-error.js';
import { ShippingPendingError } from '../../lib/errors/shipping-pending-error.js';

describe('ShippingPendingError', () => {
  it('has the paths that are left', () => {
    const error = new ShippingPendingError(['a.events', 'b.events']);
    expect(error).to.be.instanceOf(ArchiveError);
    expect(error).to.include({ name: 'ShippingPendingError', code: 'ERR_SHIPPING_PENDING' });
    expect(error.left).to.deep.equal(['a.events', 'b.events']);
    expect(error.message).to.equal('2 archives are sealed on disk but not shipped yet');
  });

  it('says why the last attempt failed', () => {
    const cause = new Error('connect ECONNREFUSED');
    const error = new ShippingPendingError(['a.events'], { cause });
    expect(error.cause).to.equal(cause);
    expect(error.message).to.equal(
      '1 archive is sealed on disk but not shipped yet: connect ECONNREFUSED',
    );
  });
});
