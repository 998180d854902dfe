import { expect } from 'chai';

import { createSharedMemory } from '../../../lib/writing/sink/shared-memory.js';
import { SLAB_BYTES } from '../../../lib/writing/sink/slab-keeper.js';

const KIB = 2 ** 10;

describe('createSharedMemory', () => {
  it('makes slabs smaller for many writers, and never larger than for one', () => {
    const options = { blockBytes: KIB, maxUnsyncedBytes: KIB };
    const sizes = [1, 32, 4096].map((writers) => createSharedMemory(writers, options));
    expect(sizes.map(({ slabs }) => slabs.fullBytes)).to.deep.equal([
      SLAB_BYTES,
      256 * KIB,
      64 * KIB,
    ]);
    expect(sizes[1]?.slabs.take()).to.have.length(257 * KIB);
  });
});
