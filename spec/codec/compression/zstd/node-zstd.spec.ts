import { expect } from 'chai';

import { nodeZstd, requireZstd } from '../../../../lib/codec/compression/zstd/node-zstd.js';
import { ArchiveError } from '../../../../lib/errors/archive-error.js';

describe('requireZstd', () => {
  it("gives Node's zstd where it has one: from 22.15 on", () => {
    const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
    expect(nodeZstd !== null).to.equal(major > 22 || (major === 22 && minor >= 15));
    if (nodeZstd !== null) expect(requireZstd('do it')).to.equal(nodeZstd);
  });

  it('names zstd and Node 22.15 where Node has none', () => {
    expect(() => requireZstd('read a.zst', null))
      .to.throw(
        ArchiveError,
        /^cannot read a\.zst: zstd needs Node 22\.15 or later, and this is Node \d/,
      )
      .with.property('code', 'ERR_NO_ZSTD');
  });
});
