import { expect } from 'chai';

import { Slab } from '../../../lib/codec/bytes/slab.js';
import { writeSlabChecksums } from '../../../lib/writing/sink/slab-checksums.js';
import { SLAB_BYTES } from '../../../lib/writing/sink/slab-keeper.js';
import { decodeArchive } from '../../support/decode-archive.js';
import { createBlockBuilder } from '../../support/encode-archive.js';
import { killHashingThread } from '../../support/kill-hashing-thread.js';

/** A slab of blocks without checksums. */
function slabOf(payloadBytes: number, memory: Buffer = shared(2 * SLAB_BYTES)): Buffer {
  const builder = createBlockBuilder({ maxRecordBytes: 2 * SLAB_BYTES });
  const slab = new Slab(memory.length, memory);
  for (let i = 0; i < 3; i++) {
    builder.add('x'.repeat(payloadBytes / 3), 0);
    builder.finishBlock();
  }
  builder.moveTo(slab);
  return slab.filled();
}

function shared(bytes: number): Buffer {
  return Buffer.from(new SharedArrayBuffer(bytes));
}

describe('writeSlabChecksums', () => {
  it('writes those of a slab that is not full at once', () => {
    const slab = slabOf(300);
    expect(writeSlabChecksums(slab)).to.equal(null);
    expect(decodeArchive(slab)).to.have.length(3);
  });

  it('writes those of a huge record at once, which is not in shared memory', () => {
    const slab = slabOf(1.5 * SLAB_BYTES, Buffer.alloc(0));
    expect(writeSlabChecksums(slab)).to.equal(null);
    expect(decodeArchive(slab, { maxRecordBytes: 2 * SLAB_BYTES })).to.have.length(3);
  });

  for (const fate of ['lives', 'dies']) {
    it(`has a thread write those of a full slab, which ${fate}`, async () => {
      const slab = slabOf(1.2 * SLAB_BYTES);
      const dying = fate === 'dies' ? killHashingThread() : undefined;
      const written = writeSlabChecksums(slab);
      expect(written).to.be.an.instanceOf(Promise);
      await Promise.all([dying, written]);
      expect(decodeArchive(slab, { maxRecordBytes: 2 * SLAB_BYTES })).to.have.length(3);
    });
  }
});
