import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mock } from 'node:test';

import { expect } from 'chai';

import { nodeFileLayer } from '../../../lib/files/file-layer.js';
import {
  LEASE_CONFIRM_MS,
  type LeaseSighting,
  sightLease,
  takeOverLease,
} from '../../../lib/writing/recovery/lease-takeover.js';
import { takeLease } from '../../../lib/writing/sink/archive-lease.js';
import { mockTimeouts, restoreTimeouts } from '../../support/mock-timeouts.js';
import { rejection } from '../../support/store-tools.js';
import { systemError, TestDisk } from '../../support/test-disk.js';
import { until } from '../../support/until.js';
import { withFile } from '../../support/with-file.js';

describe('takeLease', () => {
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

  /** The lease as it is now. */
  async function sighted(): Promise<LeaseSighting> {
    return (await sightLease(path, nodeFileLayer)) ?? expect.fail('there is no lease');
  }

  it('gives a lease to one caller at a time, as a file beside the archive', async () => {
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

  it('gives the lease to one of many callers that ask at once', async () => {
    const leases = await Promise.all(
      Array.from({ length: 16 }, () => takeLease(path, nodeFileLayer)),
    );
    const taken = leases.filter((lease) => lease !== null);
    expect(taken).to.have.length(1);
    await taken[0]?.release();
  });

  it('gives each archive its own lease', async () => {
    const leases = await Promise.all([
      takeLease(path, nodeFileLayer),
      takeLease(`${path}-1`, nodeFileLayer),
    ]);
    expect(leases).to.not.include(null);
    for (const lease of leases) await lease?.release();
    expect(await readdir(directory)).to.deep.equal([]);
  });

  it('neither releases nor renews a lease that another owner has taken over', async () => {
    const lost = await takeLease(path, nodeFileLayer);
    const lease = await takeOverLease(path, await sighted(), nodeFileLayer);
    expect(lease).to.not.equal(null);
    const { token } = await sighted();
    await lost?.release();
    expect(await sighted()).to.include({ token });
    expect(await takeLease(path, nodeFileLayer)).to.equal(null);
    await lease?.release();
    await lease?.release();
    expect(await readdir(directory)).to.deep.equal([]);
  });

  it('releases a lease without an error if its directory is gone', async () => {
    const lease = await takeLease(path, nodeFileLayer);
    await rm(directory, { recursive: true });
    await lease?.release();
    await lease?.release();
  });

  it('leaves no file if stat fails after the lease was created', async () => {
    const disk = new TestDisk((call) => {
      if (call === 'stat') throw systemError('EIO', 'stat');
    });
    disk.countsLeases = true;
    expect(await rejection(takeLease(path, disk.files))).to.have.property('code', 'EIO');
    expect(disk.openFiles).to.equal(0);
    expect(await readdir(directory)).to.deep.equal([]);
  });

  it('repeats a renewal that failed', async () => {
    let failures = 0;
    const disk = withFile((file) => ({
      async utimes(accessed, changed) {
        if (++failures === 1) throw systemError('EIO', 'futime');
        await file.utimes(accessed, changed);
      },
      // The renewal falls back to a write, which fails as well.
      async write(...args) {
        if (failures === 1) throw systemError('EIO', 'write');
        return await file.write(...args);
      },
    }));
    const lease = await takeLease(path, disk);
    const seen = await sighted();
    await until(async () => {
      mock.timers.tick(LEASE_CONFIRM_MS);
      return (await sighted()).mtimeMs !== seen.mtimeMs;
    });
    expect(failures).to.be.at.least(2);
    await lease?.release();
  });

  it('rejects with ENOENT if the directory does not exist', async () => {
    const error = await rejection(takeLease(join(directory, 'none', 'a.open'), nodeFileLayer));
    expect(error).to.have.property('code', 'ENOENT');
  });
});
