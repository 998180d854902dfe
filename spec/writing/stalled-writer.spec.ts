import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

import { expect } from 'chai';

import { verifyArchives } from '../../lib/reading/verifying/verify-archives.js';
import { rollByCount } from '../../lib/writing/policies/roll-policies.js';
import type { RecoveredArchive } from '../../lib/writing/recovery/recover-archive.js';
import { RollingWriteStream } from '../../lib/writing/rolling-write-stream.js';
import { FakeClock } from '../support/fake-clock.js';
import { passTime } from '../support/pass-time.js';
import { numbered, TemporaryDirectories } from '../support/series.js';
import { payloadsOf } from '../support/writer-tools.js';

describe('RollingWriteStream, stalled until another writer took its lease', () => {
  const directories = new TemporaryDirectories();
  let directory: string;

  beforeEach(async () => {
    directory = await directories.make();
  });

  afterEach(() => directories.remove());

  /**
   * Another writer, for which time passes while the first one stands still, recovers its archive.
   */
  async function takeOver(): Promise<RecoveredArchive> {
    const clock = new FakeClock();
    const template = 'x_[[SEQUENCE]].events';
    const other = new RollingWriteStream({ directory, template, clock });
    const recovered = new Promise<RecoveredArchive>((resolve) => other.once('recovered', resolve));
    const archive = await passTime(clock, recovered);
    await passTime(clock, other.close());
    return archive;
  }

  for (const sync of ['no', 'everysec', 'always'] as const) {
    describe(`with sync: '${sync}'`, () => {
      let clock: FakeClock;
      let writer: RollingWriteStream;

      beforeEach(() => {
        clock = new FakeClock();
        writer = new RollingWriteStream({
          directory,
          template: 'x_[[SEQUENCE]].events',
          clock,
          sync,
          // Not by age: how much time passes depends on the disk.
          roll: rollByCount(1000),
        });
      });

      it('continues in a new archive, and loses and repeats nothing', async () => {
        const synced = numbered('synced', 10).map((payload) => writer.append(payload));
        await Promise.all(synced.map((receipt) => receipt.synced));
        const written = numbered('written', 10).map((payload) => writer.append(payload));
        clock.advance(1000);
        await Promise.all(written.map((receipt) => receipt.written));
        // Only in memory, as long as no time passes; 'always' leaves nothing there.
        const pending = sync === 'always' ? [] : numbered('pending', 10);
        for (const payload of pending) writer.append(payload);

        const { records } = await takeOver();
        expect(records).to.be.within(10, 20);
        const late = numbered('late', 10).map((payload) => writer.append(payload));
        await passTime(clock, Promise.all(late.map((receipt) => receipt.synced)));
        await passTime(clock, writer.close());

        expect(await payloadsOf(directory)).to.deep.equal([
          ...numbered('synced', 10),
          ...numbered('written', 10),
          ...pending,
          ...numbered('late', 10),
        ]);
        const names = await readdir(directory);
        expect(names.filter((name) => !name.endsWith('.events'))).to.deep.equal([]);
        const { problems } = await verifyArchives(join(directory, '*.events'));
        expect(problems).to.deep.equal([]);
      });

      it('promises no seal of records that another writer has sealed', async () => {
        const early = writer.append('early');
        await early.synced;
        await takeOver();
        const late = writer.append('late');
        await passTime(clock, late.synced);
        await passTime(clock, writer.close());
        expect(await late.sealed).to.have.property('sequence', 1);
        const error = await early.sealed.catch((reason) => reason);
        expect(error).to.have.property('code', 'ERR_LEASE_LOST');
      });

      it('makes no archive if another writer has taken all of its records', async () => {
        await writer.append('only').synced;
        const { name } = await takeOver();
        await passTime(clock, writer.close());
        expect(await readdir(directory)).to.deep.equal([name]);
        expect(await payloadsOf(directory)).to.deep.equal(['only']);
      });
    });
  }
});
