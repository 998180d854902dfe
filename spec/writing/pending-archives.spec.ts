import { expect } from 'chai';

import { SpoolFullError } from '../../lib/errors/spool-full-error.js';
import type { SealedArchive } from '../../lib/writing/handlers/archive-handler.js';
import type { ArchiveShipper } from '../../lib/writing/handlers/archive-shipper.js';
import { NOTHING_SHIPPED } from '../../lib/writing/handlers/archive-shipper.js';
import { PendingArchives } from '../../lib/writing/pending-archives.js';
import { ArchiveDraft } from '../../lib/writing/receipts/archive-draft.js';
import { ReceiptBook } from '../../lib/writing/receipts/receipt-book.js';
import { createBlockBuilder } from '../support/encode-archive.js';
import { rejection } from '../support/store-tools.js';

/** The bytes of an archive beyond those of its draft: its index. */
const INDEX_BYTES = 30;

describe('PendingArchives', () => {
  let pending: PendingArchives;
  let given: string[];
  let asked: number[];
  let seals: number;
  let answer: () => Promise<void> | null;
  let check: () => void;

  beforeEach(() => {
    given = [];
    asked = [];
    seals = 0;
    answer = () => null;
    check = () => {};
    const state = () => NOTHING_SHIPPED;
    const shipper: ArchiveShipper = {
      start: async () => {},
      add: ({ name }) => given.push(`add ${name}`),
      adopt: ({ name }) => given.push(`adopt ${name}`),
      room(openBytes) {
        asked.push(openBytes);
        return answer();
      },
      checkRoom: () => check(),
      drain: async () => state(),
      state,
      stop: async () => {},
    };
    pending = new PendingArchives(new ReceiptBook(true), shipper, () => seals++);
  });

  /** An archive with one record, whose bytes went to the disk. */
  function begin(ordinal: number, bytes: number): ArchiveDraft {
    const draft = new ArchiveDraft(ordinal, createBlockBuilder());
    draft.count(0, 0);
    draft.encodedBytes = bytes;
    pending.begin(draft);
    return draft;
  }

  function sealed({ encodedBytes, ordinal }: ArchiveDraft): SealedArchive {
    const name = `${ordinal}.events`;
    return {
      ...{ path: `/${name}`, name, ordinal, writer: '00', openedAt: 0, records: 1, format: 'v2' },
      ...{ bytes: encodedBytes + INDEX_BYTES, sha256: `sha-${ordinal}` },
      ...{ firstTime: null, lastTime: null },
    };
  }

  const openBytes = () => {
    pending.room();
    return asked.at(-1);
  };

  describe('room', () => {
    it('asks the shipper with the bytes of the archives that it does not have yet', () => {
      expect(openBytes()).to.equal(0);
      const [first, second] = [begin(0, 100), begin(1, 200)];
      expect(openBytes()).to.equal(300);
      pending.sealed(sealed(first), first);
      expect(openBytes()).to.equal(300 + INDEX_BYTES);
      pending.handled(sealed(first));
      expect(openBytes()).to.equal(200);
      pending.sealed(sealed(second), second);
      pending.gone(sealed(second));
      expect(openBytes()).to.equal(0);
    });

    it('does not count an archive that another process took over', () => {
      const [first] = [begin(0, 100), begin(1, 200)];
      pending.takenOver(first);
      expect(openBytes()).to.equal(200);
    });

    it('counts bytes that are not on disk yet', () => {
      const encoder = createBlockBuilder();
      const draft = new ArchiveDraft(0, encoder);
      encoder.add('payload', 0);
      pending.begin(draft);
      expect(openBytes()).to.equal(encoder.pendingBytes);
    });

    it('seals the open archive if there is no room, so that it can be shipped', async () => {
      expect(pending.room()).to.equal(null);
      expect(seals).to.equal(0);
      const room = Promise.resolve();
      answer = () => room;
      expect(pending.room()).to.equal(room);
      expect(seals).to.equal(1);
    });

    it('throws what the shipper throws, and seals the open archive', () => {
      const failure = new SpoolFullError(10, 10);
      check = () => {
        throw failure;
      };
      expect(() => pending.room()).to.throw(failure);
      expect(seals).to.equal(1);
    });

    it('is never used up without a shipper', () => {
      pending = new PendingArchives(new ReceiptBook(false), undefined, () => seals++);
      begin(0, 1e12);
      expect(pending.room()).to.equal(null);
      expect(seals).to.equal(0);
    });
  });

  it('adds the archives of its writer to the shipper, and has it adopt recovered ones', () => {
    const draft = begin(0, 100);
    pending.sealed(sealed(draft), draft);
    pending.handledRecovered({ ...sealed(draft), name: 'old.events' });
    pending.handled(sealed(draft));
    expect(given).to.deep.equal(['adopt old.events', 'add 0.events']);
    expect(openBytes()).to.equal(0);
  });

  describe('shipped of a record', () => {
    const shippedOf = ({ progress }: ArchiveDraft) =>
      rejection(progress.reached('shipped', 0, () => 'shipped'));

    it('rejects when a handler has removed the archive', async () => {
      const draft = begin(0, 100);
      pending.sealed(sealed(draft), draft);
      pending.gone(sealed(draft));
      expect(await shippedOf(draft)).to.have.property('code', 'ERR_NOT_SHIPPED');
    });

    it('rejects when the shipper has dropped the archive', async () => {
      const draft = begin(0, 100);
      pending.sealed(sealed(draft), draft);
      const { bytes, name, path, sha256 } = sealed(draft);
      pending.dropped({ bytes, name, path, sha256: undefined });
      pending.dropped({ bytes, name, path, sha256 });
      expect(await shippedOf(draft)).to.have.property('code', 'ERR_NOT_SHIPPED');
    });

    it('rejects when another process took over the archive', async () => {
      const draft = begin(0, 100);
      pending.takenOver(draft);
      expect(await shippedOf(draft)).to.have.property('code', 'ERR_LEASE_LOST');
    });
  });
});
