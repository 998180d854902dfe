import { expect } from 'chai';

import { ArchiveProgress } from '../../../lib/writing/receipts/archive-progress.js';
import { StoreReceipts } from '../../../lib/writing/receipts/store-receipts.js';
import { rejection } from '../../support/store-tools.js';

describe('StoreReceipts', () => {
  /** A promise for the `shipped` of an archive's first record. */
  function shippedOf(progress: ArchiveProgress): Promise<string> {
    const shipped = progress.reached('shipped', 0, () => 'shipped');
    shipped.catch(() => undefined);
    return shipped;
  }

  it('settles the receipts of archives that are found again, by their path', async () => {
    const receipts = new StoreReceipts();
    const [one, other] = [new ArchiveProgress(), new ArchiveProgress()];
    receipts.found('/a/x.events', one);
    receipts.found('/b/x.events', other);
    receipts.shipped({ path: '/a/x.events', sha256: 'ab' });
    expect(await shippedOf(one)).to.equal('shipped');
    const failure = new Error('ended');
    const left = shippedOf(other);
    receipts.end(failure);
    expect(await rejection(left)).to.equal(failure);
  });

  it('waits for all sealed archives, and fails with one that is gone', async () => {
    const receipts = new StoreReceipts();
    const [one, other] = [new ArchiveProgress(), new ArchiveProgress()];
    receipts.sealed(one, 1, 'ab');
    receipts.sealed(other, 1, 'cd');
    const all = receipts.all();
    receipts.shipped({ path: '/x', sha256: 'ab' });
    receipts.gone('cd', 'it was dropped');
    expect(await rejection(all)).to.have.property('code', 'ERR_NOT_SHIPPED');
    await receipts.all();
  });
});
