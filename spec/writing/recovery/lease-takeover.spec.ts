import { mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mock } from 'node:test';

import { expect } from 'chai';

import { nodeFileLayer } from '../../../lib/files/file-layer.js';
import {
  isLeaseAside,
  LEASE_CONFIRM_MS,
  LEASE_STALE_MS,
  type LeaseSighting,
  leasedName,
  looksStale,
  sightLease,
  takeOverLease,
  takeStaleLease,
} from '../../../lib/writing/recovery/lease-takeover.js';
import { takeLease } from '../../../lib/writing/sink/archive-lease.js';
import { mockTimeouts, restoreTimeouts } from '../../support/mock-timeouts.js';
import { systemError, TestDisk } from '../../support/test-disk.js';
import { until } from '../../support/until.js';

const DAY_MS = 24 * 3_600_000;

describe('takeover of a lease', () => {
  let directory: string;
  let path: string;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'shoebox-lease-'));
    path = join(directory, 'a.events.open');
    mockTimeouts();
  });

  afterEach(async () => {
    restoreTimeouts();
    await rm(directory, { recursive: true, force: true });
  });

  /** Makes the lease of `path` look as if it had been renewed `ms` ago. */
  async function age(ms: number): Promise<void> {
    const time = new Date(Date.now() - ms);
    await utimes(`${path}.lock`, time, time);
  }

  /** The lease as it is now. */
  async function sighted(): Promise<LeaseSighting> {
    return (await sightLease(path, nodeFileLayer)) ?? expect.fail('there is no lease');
  }

  it('is the only way to get a lease that exists, however old it is', async () => {
    await writeFile(`${path}.lock`, '');
    await age(DAY_MS);
    expect(await takeLease(path, nodeFileLayer)).to.equal(null);
    const lease = await takeOverLease(path, await sighted(), nodeFileLayer);
    expect(lease).to.not.equal(null);
    expect(await takeLease(path, nodeFileLayer)).to.equal(null);
    await lease?.release();
    expect(await readdir(directory)).to.deep.equal([]);
  });

  it('gives the lease of a dead owner to one of many callers that ask at once', async () => {
    for (let round = 0; round < 20; round++) {
      await writeFile(`${path}.lock`, '');
      const seen = await sighted();
      const leases = await Promise.all(
        Array.from({ length: 8 }, () => takeOverLease(path, seen, nodeFileLayer)),
      );
      const taken = leases.filter((lease) => lease !== null);
      expect(taken.length, `round ${round}`).to.equal(1);
      await taken[0]?.release();
      await rm(`${path}.lock`, { force: true });
      expect(await readdir(directory), `round ${round}`).to.deep.equal([]);
    }
  });

  it('fails against a living owner, which renews the lease whatever the clocks say', async () => {
    for (const ms of [DAY_MS, -DAY_MS]) {
      const lease = await takeLease(path, nodeFileLayer);
      await age(ms);
      const seen = await sighted();
      mock.timers.tick(LEASE_CONFIRM_MS);
      await until(async () => (await sighted()).mtimeMs !== seen.mtimeMs);
      expect(await takeOverLease(path, seen, nodeFileLayer)).to.equal(null);
      expect(await takeLease(path, nodeFileLayer)).to.equal(null);
      await lease?.release();
      expect(await readdir(directory)).to.deep.equal([]);
    }
  });

  it('succeeds if the lease has not changed, even if its time is in the future', async () => {
    await writeFile(`${path}.lock`, '');
    await age(-DAY_MS);
    const seen = await sighted();
    expect(looksStale(seen)).to.equal(false);
    const lease = await takeOverLease(path, seen, nodeFileLayer);
    expect(lease).to.not.equal(null);
    await lease?.release();
  });

  it('sees a lease as stale that was not renewed for LEASE_STALE_MS', async () => {
    await writeFile(`${path}.lock`, '');
    await age(LEASE_STALE_MS / 2);
    expect(looksStale(await sighted())).to.equal(false);
    await age(LEASE_STALE_MS + 1);
    expect(looksStale(await sighted())).to.equal(true);
  });

  it('takes a lease that looks stale at once in takeStaleLease', async () => {
    await writeFile(`${path}.lock`, '');
    expect(await takeStaleLease(path, nodeFileLayer)).to.equal(null);
    await age(LEASE_STALE_MS + 1);
    const lease = await takeStaleLease(path, nodeFileLayer);
    expect(lease).to.not.equal(null);
    expect(await takeStaleLease(path, nodeFileLayer)).to.equal(null);
    await lease?.release();
    expect(await readdir(directory)).to.deep.equal([]);
  });

  it('leaves the lease for others to take when any of its calls fails, done or not', async () => {
    for (const failsDone of [false, true]) {
      let calls = 0;
      for (let at = 1, isPassed = false; !isPassed; at++, calls++) {
        await writeFile(`${path}.lock`, '');
        const disk = new TestDisk((_call, _path, n) => {
          if (n === at) throw systemError('EIO', 'call');
        });
        disk.countsLeases = true;
        disk.failsDone = failsDone;
        const seen = await sighted();
        const lease = await takeOverLease(path, seen, disk.files).catch(() => null);
        await lease?.release().catch(() => undefined);
        isPassed = disk.calls.length < at;
        expect(disk.openFiles, `call ${at}`).to.equal(0);
        // A lease that is left has no owner.
        const left = await sightLease(path, nodeFileLayer);
        const next =
          left === null
            ? await takeLease(path, nodeFileLayer)
            : await takeOverLease(path, left, nodeFileLayer);
        expect(next, `call ${at}`).to.not.equal(null);
        await next?.release();
        for (const name of await readdir(directory)) {
          expect(isLeaseAside(name), `call ${at}, ${name}`).to.equal(true);
          await rm(join(directory, name));
        }
      }
      expect(calls).to.be.greaterThan(8);
    }
  });
});

describe('leasedName', () => {
  it('distinguishes leases from other files', () => {
    expect(leasedName('a.events.open.lock')).to.equal('a.events.open');
    expect(leasedName('a.events.open')).to.equal(null);
    expect(leasedName('a.events.open.taken-0123abcd.lock')).to.equal(null);
    expect(isLeaseAside('a.events.open.taken-0123abcd.lock')).to.equal(true);
    expect(isLeaseAside('a.events.open.lock')).to.equal(false);
  });
});
