import { createHash } from 'node:crypto';

import { expect } from 'chai';

import { createThreadDigest } from '../../../lib/streams/hashing-thread.js';
import { ArchiveDigest } from '../../../lib/writing/sink/archive-digest.js';
import { SLAB_BYTES } from '../../../lib/writing/sink/slab-keeper.js';

function sha256(...parts: readonly Uint8Array[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
}

/** A slab that is full of one byte. */
function slab(fill: number): Buffer {
  return Buffer.from(new SharedArrayBuffer(SLAB_BYTES)).fill(fill);
}

async function hexOf(snapshot: () => Promise<Buffer>): Promise<string> {
  return (await snapshot()).toString('hex');
}

describe('ArchiveDigest', () => {
  it('hashes a few bytes at once, and keeps none of them', async () => {
    const digest = new ArchiveDigest();
    digest.update(Buffer.from('few'));
    expect(digest.hashed).to.equal(null);
    // Only archives that begin with a slab use a thread.
    digest.update(slab(1));
    expect(digest.hashed).to.equal(null);
    expect(await hexOf(digest.snapshot())).to.equal(sha256(Buffer.from('few'), slab(1)));
  });

  it('hashes slabs on a thread, and settles when it has', async () => {
    const digest = new ArchiveDigest();
    for (const fill of [1, 2, 3]) {
      const bytes = slab(fill);
      digest.update(bytes);
      expect(digest.hashed).not.to.equal(null);
      await digest.hashed;
      bytes.fill(0);
    }
    expect(digest.hashed).to.equal(null);
    expect(await hexOf(digest.snapshot())).to.equal(sha256(slab(1), slab(2), slab(3)));
    digest.release();
  });

  it('copies a slab that is hardly filled, so that its owner may reuse it', async () => {
    const digest = new ArchiveDigest();
    digest.update(slab(1));
    const bytes = slab(2).subarray(0, 100);
    digest.update(bytes);
    bytes.fill(0);
    expect(await hexOf(digest.snapshot())).to.equal(sha256(slab(1), slab(2).subarray(0, 100)));
    digest.release();
  });

  for (const first of [slab(1), Buffer.from('few')]) {
    it(`gives the digest of the bytes so far, ${first.length} bytes at first`, async () => {
      const digest = new ArchiveDigest();
      const none = digest.snapshot();
      digest.update(first);
      const some = digest.snapshot();
      digest.update(slab(2));
      expect(await hexOf(none)).to.equal(sha256());
      expect(await hexOf(some)).to.equal(sha256(first));
      expect(await hexOf(some)).to.equal(sha256(first));
      digest.release();
    });
  }

  it('rejects if its thread has died, and reports that it reads no buffer any more', async () => {
    const digest = new ArchiveDigest();
    digest.update(slab(1));
    const killer = createThreadDigest();
    await Promise.allSettled([killer.update(5 as unknown as Buffer)]);
    await digest.hashed;
    const outcome = await digest
      .snapshot()()
      .catch((error) => error);
    expect(outcome).to.be.instanceOf(Error);
  });
});
