import { mkdtemp, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect } from 'chai';

import { nodeFileLayer } from '../../../lib/files/file-layer.js';
import {
  isLeaseAside,
  LEASE_STALE_MS,
  type LeaseSighting,
  leasedName,
  looksStale,
  sightLease,
  takeLease,
  takeOverLease,
  takeStaleLease,
} from '../../../lib/writing/sink/archive-lease.js';
import { rejection } from '../../support/store-tools.js';
import { systemError, TestDisk } from '../../support/test-disk.js';
import { withFile } from '../../support/with-file.js';
import { until } from '../../support/writer-tools.js';

const DAY_MS = 24 * 3_600_000;

describe('takeLease', () => {
  let directory: string;
  let path: string;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'shoebox-lease-'));
    path = join(directory, 'a.events.open');
  });

  afterEach(() => rm(directory, { recursive: true, force: true }));

  /** Makes the lease of `path` look as if it had been renewed so long ago. */
  async function age(ms: number): Promise<void> {
    const time = new Date(Date.now() - ms);
    await utimes(`${path}.lock`, time, time);
  }

  /** What is to be seen of the lease. */
  async function sighted(): Promise<LeaseSighting> {
    return (await sightLease(path, nodeFileLayer)) ?? expect.fail('there is no lease');
  }

  it('gives a lease to one at a time, by a file beside the archive', async () => {
    expect(await sightLease(path, nodeFileLayer)).to.equal(null);
    const lease = await takeLease(path, nodeFileLayer);
    expect(await readdir(directory)).to.deep.equal(['a.events.open.lock']);
    expect((await stat(`${path}.lock`)).isFile()).to.equal(true);
    expect(await takeLease(path, nodeFileLayer)).to.equal(null);
    await lease?.release();
    expect(await readdir(directory)).to.deep.equal([]);
    const next = await takeLease(path, nodeFileLayer);
    expect(next).to.not.equal(null);
    await next?.release();
  });

  it('gives one of many who ask at once', async () => {
    const leases = await Promise.all(
      Array.from({ length: 16 }, () => takeLease(path, nodeFileLayer)),
    );
    const taken = leases.filter((lease) => lease !== null);
    expect(taken).to.have.length(1);
    await taken[0]?.release();
  });

  it('does not give one that is there, however old, unless it was watched', async () => {
    await writeFile(`${path}.lock`, '');
    await age(DAY_MS);
    expect(await takeLease(path, nodeFileLayer)).to.equal(null);
    const lease = await takeOverLease(path, await sighted(), nodeFileLayer);
    expect(lease).to.not.equal(null);
    expect(await takeLease(path, nodeFileLayer)).to.equal(null);
    await lease?.release();
    expect(await readdir(directory)).to.deep.equal([]);
  });

  it('gives the lease of who died to one of many who ask at once', async () => {
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

  it('keeps that of who lives, wherever clocks are: it changes before long', async () => {
    for (const ms of [DAY_MS, -DAY_MS]) {
      const lease = await takeLease(path, nodeFileLayer);
      await age(ms);
      const seen = await sighted();
      await until(async () => (await sighted()).mtimeMs !== seen.mtimeMs);
      expect(await takeOverLease(path, seen, nodeFileLayer)).to.equal(null);
      expect(await takeLease(path, nodeFileLayer)).to.equal(null);
      await lease?.release();
      expect(await readdir(directory)).to.deep.equal([]);
    }
  });

  it('is taken over when it does not change, also where its time is yet to come', async () => {
    await writeFile(`${path}.lock`, '');
    await age(-DAY_MS);
    const seen = await sighted();
    expect(looksStale(seen)).to.equal(false);
    const lease = await takeOverLease(path, seen, nodeFileLayer);
    expect(lease).to.not.equal(null);
    await lease?.release();
  });

  it('looks stale when it was not renewed for as long', async () => {
    await writeFile(`${path}.lock`, '');
    await age(LEASE_STALE_MS / 2);
    expect(looksStale(await sighted())).to.equal(false);
    await age(LEASE_STALE_MS + 1);
    expect(looksStale(await sighted())).to.equal(true);
  });

  it('is taken at once where it looks stale, for what does no harm where that is wrong', async () => {
    await writeFile(`${path}.lock`, '');
    expect(await takeStaleLease(path, nodeFileLayer)).to.equal(null);
    await age(LEASE_STALE_MS + 1);
    const lease = await takeStaleLease(path, nodeFileLayer);
    expect(lease).to.not.equal(null);
    expect(await takeStaleLease(path, nodeFileLayer)).to.equal(null);
    await lease?.release();
    expect(await readdir(directory)).to.deep.equal([]);
  });

  it('knows each archive by itself', async () => {
    const leases = await Promise.all([
      takeLease(path, nodeFileLayer),
      takeLease(`${path}-1`, nodeFileLayer),
    ]);
    expect(leases).to.not.include(null);
    for (const lease of leases) await lease?.release();
    expect(await readdir(directory)).to.deep.equal([]);
  });

  it('does not let who lost it give back, or renew, what is another owner’s now', async () => {
    const lost = await takeLease(path, nodeFileLayer);
    const lease = await takeOverLease(path, await sighted(), nodeFileLayer);
    expect(lease).to.not.equal(null);
    const { ino } = await sighted();
    await lost?.release();
    expect(await sighted()).to.include({ ino });
    expect(await takeLease(path, nodeFileLayer)).to.equal(null);
    await lease?.release();
    await lease?.release();
    expect(await readdir(directory)).to.deep.equal([]);
  });

  it('is given back quietly where its directory is gone', async () => {
    const lease = await takeLease(path, nodeFileLayer);
    await rm(directory, { recursive: true });
    await lease?.release();
    await lease?.release();
  });

  it('is there for another afterwards whichever of its calls fails, done or not', async () => {
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
        // What is left has no owner.
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

  it('leaves nothing where it was created, and cannot be looked at', async () => {
    const disk = new TestDisk((call) => {
      if (call === 'stat') throw systemError('EIO', 'stat');
    });
    disk.countsLeases = true;
    expect(await rejection(takeLease(path, disk.files))).to.have.property('code', 'EIO');
    expect(disk.openFiles).to.equal(0);
    expect(await readdir(directory)).to.deep.equal([]);
  });

  it('tries a renewal that failed again', async () => {
    let failures = 0;
    const disk = withFile((file) => ({
      async utimes(accessed, changed) {
        if (++failures === 1) throw systemError('EIO', 'futime');
        await file.utimes(accessed, changed);
      },
    }));
    const lease = await takeLease(path, disk);
    const seen = await sighted();
    await until(async () => (await sighted()).mtimeMs !== seen.mtimeMs);
    expect(failures).to.be.at.least(2);
    await lease?.release();
  });

  it('says why there is none in a directory that is not there', async () => {
    const error = await rejection(takeLease(join(directory, 'none', 'a.open'), nodeFileLayer));
    expect(error).to.have.property('code', 'ENOENT');
  });
});

describe('leasedName', () => {
  it('knows locks from other names', () => {
    expect(leasedName('a.events.open.lock')).to.equal('a.events.open');
    expect(leasedName('a.events.open')).to.equal(null);
    expect(leasedName('a.events.open.taken-0123abcd.lock')).to.equal(null);
    expect(isLeaseAside('a.events.open.taken-0123abcd.lock')).to.equal(true);
    expect(isLeaseAside('a.events.open.lock')).to.equal(false);
  });
});
