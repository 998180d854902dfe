import { expect } from 'chai';

import { nodeZstd } from '../../../lib/codec/compression/zstd/node-zstd.js';
import { ArchiveError } from '../../../lib/errors/archive-error.js';
import { SeekableZstd } from '../../../lib/streams/compression/seekable-zstd.js';
import { sampleBlocks } from '../../support/gzip-tools.js';
import {
  commandOutput,
  compressZstd,
  decompressAll,
  framesOf,
  needsZstd,
} from '../../support/zstd-tools.js';

describe('SeekableZstd', () => {
  it('names zstd and Node 22.15 where Node has no zstd', () => {
    if (nodeZstd !== null) expect(() => new SeekableZstd()).to.not.throw();
    else expect(() => new SeekableZstd()).to.throw(ArchiveError, /zstd needs Node 22\.15/);
  });

  it('refuses a level that zstd does not have, and other values out of range', () => {
    for (const level of [0, -1, 23, 1.5, Number.NaN]) {
      expect(() => new SeekableZstd({ level })).to.throw(RangeError, 'level is');
    }
    if (nodeZstd === null) return;
    expect(() => new SeekableZstd({ memberBytes: 1 })).to.throw(RangeError, 'memberBytes is');
    expect(() => new SeekableZstd({ concurrency: 9 })).to.throw(RangeError, 'concurrency is');
  });

  it('gives frames that the zstd command decompresses, at any level', async function () {
    needsZstd(this);
    const archive = sampleBlocks();
    for (const level of [1, 3, 12, 22]) {
      const zstd = await compressZstd(archive, { level, memberBytes: 8192 });
      expect(commandOutput(this, zstd).equals(archive)).to.equal(true);
      expect((await decompressAll(zstd)).equals(archive)).to.equal(true);
    }
  });

  it('gives the index alone for an empty archive', async function () {
    needsZstd(this);
    const zstd = await compressZstd(Buffer.alloc(0));
    expect(framesOf(zstd)).to.have.length(1);
    expect(commandOutput(this, zstd)).to.have.length(0);
  });

  it('never makes a window over 8 MiB', async function () {
    needsZstd(this);
    this.timeout(60_000);
    const large = Buffer.alloc(9 * 2 ** 20, 'abcdefg');
    const zstd = await compressZstd(large, { level: 22, memberBytes: '16 MiB' });
    expect((await decompressAll(zstd)).equals(large)).to.equal(true);
  });
});
