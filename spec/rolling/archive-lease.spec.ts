import { mkdtemp, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect } from 'chai';

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
} from '../../lib/rolling/archive-lease.js';
import { rejection } from '../support/store-tools.js';
import { until } from '../support/writer-tools.js';

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
    return (await sightLease(path)) ?? expect.fail('there is no lease');
  }

  it('gives a lease to one at a time, by a file beside the archive', async () => {
    expect(await sightLease(path)).to.equal(null);
    const lease = await takeLease(path);
    expect(await readdir(directory)).to.deep.equal(['a.events.open.lock']);
    expect((await stat(`${path}.lock`)).isFile()).to.equal(true);
    expect(await takeLease(path)).to.equal(null);
    await lease?.release();
    expect(await readdir(directory)).to.deep.equal([]);
    const next = await takeLease(path);
    expect(next).to.not.equal(null);
    await next?.release();
  });

  it('gives one of many who ask at once', async () => {
    const leases = await Promise.all(Array.from({ length: 16 }, () => takeLease(path)));
    const taken = leases.filter((lease) => lease !== null);
    expect(taken).to.have.length(1);
    await taken[0]?.release();
  });

  it('does not give one that is there, however old, unless it was watched', async () => {
    await writeFile(`${path}.lock`, '');
    await age(DAY_MS);
    expect(await takeLease(path)).to.equal(null);
    const lease = await takeOverLease(path, await sighted());
    expect(lease).to.not.equal(null);
    expect(await takeLease(path)).to.equal(null);
    await lease?.release();
    expect(await readdir(directory)).to.deep.equal([]);
  });

  it('gives the lease of who died to one of many who ask at once', async () => {
    for (let round = 0; round < 20; round++) {
      await writeFile(`${path}.lock`, '');
      const seen = await sighted();
      const leases = await Promise.all(Array.from({ length: 8 }, () => takeOverLease(path, seen)));
      const taken = leases.filter((lease) => lease !== null);
      expect(taken.length, `round ${round}`).to.equal(1);
      await taken[0]?.release();
      await rm(`${path}.lock`, { force: true });
      expect(await readdir(directory), `round ${round}`).to.deep.equal([]);
    }
  });

  it('keeps that of who lives, wherever clocks are: it changes before long', async () => {
    for (const ms of [DAY_MS, -DAY_MS]) {
      const lease = await takeLease(path);
      await age(ms);
      const seen = await sighted();
      await until(async () => (await sighted()).mtimeMs !== seen.mtimeMs);
      expect(await takeOverLease(path, seen)).to.equal(null);
      expect(await takeLease(path)).to.equal(null);
      await lease?.release();
      expect(await readdir(directory)).to.deep.equal([]);
    }
  });

  it('is taken over when it does not change, also where its time is yet to come', async () => {
    await writeFile(`${path}.lock`, '');
    await age(-DAY_MS);
    const seen = await sighted();
    expect(looksStale(seen)).to.equal(false);
    const lease = await takeOverLease(path, seen);
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
    expect(await takeStaleLease(path)).to.equal(null);
    await age(LEASE_STALE_MS + 1);
    const lease = await takeStaleLease(path);
    expect(lease).to.not.equal(null);
    expect(await takeStaleLease(path)).to.equal(null);
    await lease?.release();
    expect(await readdir(directory)).to.deep.equal([]);
  });

  it('knows each archive by itself', async () => {
    const leases = await Promise.all([takeLease(path), takeLease(`${path}-1`)]);
    expect(leases).to.not.include(null);
    for (const lease of leases) await lease?.release();
    expect(await readdir(directory)).to.deep.equal([]);
  });

  it('does not let who lost it give back, or renew, what is another owner’s now', async () => {
    const lost = await takeLease(path);
    const lease = await takeOverLease(path, await sighted());
    expect(lease).to.not.equal(null);
    const { ino } = await sighted();
    await lost?.release();
    expect(await sighted()).to.include({ ino });
    expect(await takeLease(path)).to.equal(null);
    await lease?.release();
    await lease?.release();
    expect(await readdir(directory)).to.deep.equal([]);
  });

  it('is given back quietly where its directory is gone', async () => {
    const lease = await takeLease(path);
    await rm(directory, { recursive: true });
    await lease?.release();
    await lease?.release();
  });

  it('says why there is none in a directory that is not there', async () => {
    const error = await rejection(takeLease(join(directory, 'none', 'a.open')));
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
