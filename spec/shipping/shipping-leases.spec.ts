import { utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect } from 'chai';

import { nodeFileLayer } from '../../lib/files/file-layer.js';
import { ShippingLeases } from '../../lib/shipping/shipping-leases.js';
import { withScratch } from '../support/scratch-directory.js';

describe('ShippingLeases', () => {
  it('gives a lease to one caller at a time', async () => {
    await withScratch(async (scratch) => {
      const path = join(scratch.path, 'a.events');
      const lease = await new ShippingLeases(nodeFileLayer).take(path);
      expect(await scratch.list()).to.deep.equal(['a.events.lock']);
      expect(await new ShippingLeases(nodeFileLayer).take(path)).to.equal(null);
      await lease?.release();
      expect(await scratch.list()).to.deep.equal([]);
    });
  });

  it('gives a stale lease at once, and watches one whose time is in the future', async () => {
    await withScratch(async (scratch) => {
      const path = join(scratch.path, 'a.events');
      await writeFile(`${path}.lock`, '');
      const leases = new ShippingLeases(nodeFileLayer);
      const tomorrow = Date.now() / 1000 + 86_400;
      await utimes(`${path}.lock`, tomorrow, tomorrow);
      // The second call has watched the lease, but not for long enough.
      expect([await leases.take(path), await leases.take(path)]).to.deep.equal([null, null]);
      await utimes(`${path}.lock`, 0, 0);
      const lease = await leases.take(path);
      expect(lease).to.not.equal(null);
      await lease?.release();
      expect(await scratch.list()).to.deep.equal([]);
    });
  });

  it('gives a stand-in if no lease can be created', async () => {
    await withScratch(async (scratch) => {
      const lease = await new ShippingLeases(nodeFileLayer).take(
        join(scratch.path, 'gone', 'a.events'),
      );
      expect(lease).to.not.equal(null);
      await lease?.release();
    });
  });
});
