import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect } from 'chai';

import { RECEIPT_LEVELS } from '../../../lib/writing/receipts/receipt-level.js';
import { RollingWriteStream } from '../../../lib/writing/rolling-write-stream.js';
import { FakeClock } from '../../support/fake-clock.js';
import { Gate, TestDisk } from '../../support/test-disk.js';
import { until } from '../../support/until.js';

describe('a caller that waits for a receipt', () => {
  let directory: string;
  let disk: TestDisk;
  let writer: RollingWriteStream;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'shoebox-hurried-'));
    disk = new TestDisk();
    // The flush interval is never over: no time passes.
    const clock = new FakeClock();
    writer = new RollingWriteStream({ directory, clock, files: disk.files, sync: 'no' });
  });

  afterEach(async () => {
    await writer.close();
    await rm(directory, { recursive: true });
  });

  const syncs = () => disk.calls.filter((call) => call === 'datasync').length;

  for (const level of RECEIPT_LEVELS) {
    it(`has its record written at once (${level})`, async () => {
      void writer.append('x')[level].catch(() => undefined);
      await until(() => disk.writtenBytes > 0);
      expect(syncs()).to.equal(0);
    });

    it(`has its record written at once, which waited in the queue (${level})`, async () => {
      const gate = new Gate();
      disk.hook = (call) => (call === 'write' ? gate.pass() : undefined);
      while (writer.writableLength === 0) writer.write('x'.repeat(2 ** 20));
      const receipt = writer.append('x');
      void receipt[level].catch(() => undefined);
      gate.open();
      await receipt.written;
    });
  }

  it('shares one write with the others of the same turn, and needs no sync for `written`', async () => {
    const receipts = Array.from({ length: 256 }, (_, n) => writer.append(String(n)).written);
    await Promise.all(receipts);
    expect(disk.calls.filter((call) => call === 'write')).to.have.length(1);
    expect(syncs()).to.equal(0);
  });

  it('needs no sync for flush until `written`', async () => {
    writer.write('x');
    await writer.flush({ until: 'written' });
    expect(disk.writtenBytes).to.be.greaterThan(0);
    expect(syncs()).to.equal(0);
  });
});
