import { expect } from 'chai';

import { ArchiveDraft } from '../../../lib/writing/receipts/archive-draft.js';
import { ReceiptBook } from '../../../lib/writing/receipts/receipt-book.js';
import { createBlockBuilder } from '../../support/encode-archive.js';
import { rejection } from '../../support/store-tools.js';

describe('ReceiptBook', () => {
  /** An archive with a promise for the `shipped` of its last record. */
  function begin(book: ReceiptBook, records = 1) {
    const draft = new ArchiveDraft(0, createBlockBuilder({}));
    for (let i = 0; i < records; i++) draft.count(0, 0);
    book.begin(draft);
    const shipped = draft.progress.reached('shipped', records - 1, () => 'shipped');
    shipped.catch(() => undefined);
    return { draft, shipped };
  }

  it('rejects `shipped` at once if there is no store', async () => {
    const { shipped } = begin(new ReceiptBook(false));
    expect(await rejection(shipped)).to.have.property('code', 'ERR_NOT_SHIPPED');
  });

  it('finds archives by their digest, even two with the same', async () => {
    const book = new ReceiptBook(true);
    const [one, two, other] = [begin(book), begin(book), begin(book)];
    book.sealed(one.draft, 'ab');
    book.sealed(two.draft, 'ab');
    book.sealed(other.draft, 'cd');
    book.stored.shipped({ path: '/a', sha256: 'ab' });
    expect(await Promise.all([one.shipped, two.shipped])).to.deep.equal(['shipped', 'shipped']);
    book.stored.gone('cd', 'it was dropped');
    expect(await rejection(other.shipped)).to.have.property(
      'message',
      'the record is not shipped: it was dropped',
    );
    book.stored.shipped({ path: '/b', sha256: 'none' });
  });

  it('waits for all archives so far, except those that are settled', async () => {
    const book = new ReceiptBook(true);
    const { draft } = begin(book, 2);
    const synced = book.all('synced');
    draft.progress.reach('synced', 2);
    await synced;
    book.sealed(draft, 'ab');
    book.stored.shipped({ path: '/a', sha256: 'ab' });
    await book.all('shipped');
  });

  it('rejects for archives that others took over, and at the end for all others', async () => {
    const book = new ReceiptBook(true);
    const taken = begin(book);
    book.takenOver(taken.draft);
    expect(await rejection(taken.shipped)).to.have.property('code', 'ERR_LEASE_LOST');
    const left = begin(book);
    const failure = new Error('ended');
    book.end(failure);
    expect(await rejection(left.shipped)).to.equal(failure);
    await book.all('shipped');
  });
});
