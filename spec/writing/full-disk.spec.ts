import { once } from 'node:events';
import { unlinkSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

import { expect } from 'chai';

import type { DiskStall } from '../../lib/index.js';
import { createArchiveReader } from '../../lib/reading/rolling-read-stream.js';
import { verifyArchives } from '../../lib/reading/verifying/verify-archives.js';
import type { Receipt } from '../../lib/writing/receipts/receipt.js';
import { RollingWriteStream } from '../../lib/writing/rolling-write-stream.js';
import { readPayloads } from '../support/series.js';
import { SmallDisk, skipForWantOfDisk } from '../support/small-disk.js';
import { catchUncaught } from '../support/writer-tools.js';

const KIB = 2 ** 10;
const RECORDS = 100;

/** 50 KiB each: a hundred of them do not fit into 2 MiB. */
function payloadOf(n: number): string {
  return String(n).padEnd(50 * KIB, '.');
}

describe('RollingWriteStream on a full file system', () => {
  let disk: SmallDisk | undefined;
  let directory: string;
  let filling: string;

  beforeEach(async function () {
    const mounted = await SmallDisk.mount('size=8m');
    if (mounted === null) return skipForWantOfDisk(this);
    disk = mounted;
    directory = mounted.path;
    filling = join(directory, 'filling');
    mounted.fill(filling, 2 * KIB * KIB);
  });

  afterEach(() => disk?.unmount());

  async function appendAll(writer: RollingWriteStream): Promise<Receipt[]> {
    const receipts: Receipt[] = [];
    for (let n = 0; n < RECORDS; n++) {
      await writer.ready();
      receipts.push(writer.append(payloadOf(n)));
    }
    return receipts;
  }

  /** The numbers of the records in whole blocks: only those can be read. */
  async function readNumbers(): Promise<number[]> {
    const { payloads, error } = await readPayloads(
      createArchiveReader(join(directory, '*.events')),
    );
    expect(error).to.equal(undefined);
    return payloads.map((payload) => Number.parseInt(payload, 10));
  }

  for (const sync of ['no', 'everysec', 'always'] as const) {
    it(`holds the source back until there is room, and reports why (sync: '${sync}')`, async () => {
      // Less than the disk lacks, so that records have to be held back.
      const maxPendingBytes = 256 * KIB;
      const writer = new RollingWriteStream({
        directory,
        template: 'x.events',
        sync,
        maxPendingBytes,
      });
      const told: string[] = [];
      writer.on('stalled', () => told.push('stalled'));
      writer.on('resumed', () => told.push('resumed'));
      const stalled = once(writer, 'stalled');
      const appended = appendAll(writer);
      const [stall]: DiskStall[] = await stalled;
      expect(stall).to.include({ operation: 'write', archive: 'x.events' });
      expect(stall?.error).to.have.property('code', 'ENOSPC');
      expect(writer.stats()).to.have.property('stalled').that.deep.equals(stall);
      const before = await readNumbers();
      expect(before).to.deep.equal(before.map((_, n) => n));
      expect(before.length).to.be.lessThan(RECORDS);
      expect(writer.stats().records).to.be.lessThan(RECORDS);

      const resumed = once(writer, 'resumed');
      unlinkSync(filling);
      await resumed;
      const receipts = await appended;
      await Promise.all(receipts.map((receipt) => receipt.synced));
      await writer.close();
      expect(told.slice(-2)).to.deep.equal(['stalled', 'resumed']);
      expect(writer.stats().stalled).to.equal(null);
      expect(await readNumbers()).to.deep.equal(receipts.map((_, n) => n));
      expect((await verifyArchives(join(directory, '*.events'))).problems).to.deep.equal([]);
      expect(await readdir(directory)).to.deep.equal(['x.events']);
    });
  }

  it('rejects the receipts of records not written when its time to end is up', async () => {
    const stop = catchUncaught();
    const writer = new RollingWriteStream({ directory, template: 'x.events' });
    const receipts = Array.from({ length: RECORDS }, (_, n) => writer.append(payloadOf(n)));
    await once(writer, 'stalled');
    const closed = await writer.close({ deadlineMs: 50 }).catch((error) => error);
    expect(closed).to.have.property('code', 'ENOSPC');
    const outcomes = await Promise.allSettled(receipts.map((receipt) => receipt.synced));
    const synced = outcomes.flatMap(({ status }, n) => (status === 'fulfilled' ? [n] : []));
    expect(synced.length).to.be.lessThan(RECORDS);
    expect((await readNumbers()).slice(0, synced.length)).to.deep.equal(synced);
    expect(stop()).to.deep.equal([]);
  });
});
