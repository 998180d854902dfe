import { mkdir, mkdtemp, readdir, rm, stat, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect } from 'chai';

import { LEASE_STALE_MS, leasedName, takeLease } from '../../lib/rolling/archive-lease.js';
import { rejection } from '../support/store-tools.js';

describe('takeLease', () => {
  let directory: string;
  let path: string;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'shoebox-lease-'));
    path = join(directory, 'a.events.open');
  });

  afterEach(() => rm(directory, { recursive: true, force: true }));

  /** Makes the lease of `path` look as if its owner had not renewed it for so long. */
  async function age(ms: number): Promise<void> {
    const time = new Date(Date.now() - ms);
    await utimes(`${path}.lock`, time, time);
  }

  it('gives a lease to one at a time, by a directory beside the file', async () => {
    const lease = await takeLease(path);
    expect(await readdir(directory)).to.deep.equal(['a.events.open.lock']);
    expect((await stat(`${path}.lock`)).isDirectory()).to.equal(true);
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

  it('gives the lease of who died to one of many who ask at once', async () => {
    for (let round = 0; round < 20; round++) {
      await mkdir(`${path}.lock`);
      await age(2 * LEASE_STALE_MS);
      const leases = await Promise.all(Array.from({ length: 8 }, () => takeLease(path)));
      const taken = leases.filter((lease) => lease !== null);
      expect(taken.length, `round ${round}`).to.be.at.most(1);
      const [lease = await takeLease(path)] = taken;
      await lease?.release();
      expect(await readdir(directory), `round ${round}`).to.deep.equal([]);
    }
  });

  it('leaves a lease alone that may be renewed in a moment', async () => {
    await mkdir(`${path}.lock`);
    await age(LEASE_STALE_MS / 2);
    expect(await takeLease(path)).to.equal(null);
  });

  it('knows each archive by itself', async () => {
    const leases = await Promise.all([takeLease(path), takeLease(`${path}-1`)]);
    expect(leases).to.not.include(null);
    for (const lease of leases) await lease?.release();
    expect(await readdir(directory)).to.deep.equal([]);
  });

  it('does not let who lost it give back what is another owner’s now', async () => {
    const lost = await takeLease(path);
    await age(2 * LEASE_STALE_MS);
    const lease = await takeLease(path);
    expect(lease).to.not.equal(null);
    await lost?.release();
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
  });
});
