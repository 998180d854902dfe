import { expect } from 'chai';

import { nodeZstd } from '../../../lib/codec/compression/zstd/node-zstd.js';
import { ArchiveError } from '../../../lib/errors/archive-error.js';
import { createCompression } from '../../../lib/streams/compression/compression.js';

describe('createCompression', () => {
  it('is gzip unless another one is chosen', () => {
    expect(createCompression({})).to.include({ suffix: '.gz', contentType: 'application/gzip' });
    const none = createCompression({ compression: 'none' });
    expect(none).to.include({ suffix: '', contentType: 'application/octet-stream' });
    expect(none.createCompressor()).to.equal(null);
  });

  it('gives zstd, or an error that names it and Node 22.15', () => {
    const create = () => createCompression({ compression: 'zstd' });
    if (nodeZstd === null) expect(create).to.throw(ArchiveError, /zstd needs Node 22\.15/);
    else expect(create()).to.include({ suffix: '.zst', contentType: 'application/zstd' });
  });

  it('refuses a level that the compression does not have', () => {
    for (const level of [-1, 10, 1.5, Number.NaN]) {
      expect(() => createCompression({ level }, 'ship.')).to.throw(
        RangeError,
        `ship.level is ${level}, expected a whole number from 0 to 9`,
      );
    }
    expect(() => createCompression({ compression: 'none', level: 1 }, 'ship.')).to.throw(
      TypeError,
      "ship.level is 1, but ship.compression is 'none'",
    );
    if (nodeZstd === null) return;
    for (const level of [0, 23]) {
      expect(() => createCompression({ compression: 'zstd', level })).to.throw(
        RangeError,
        '1 to 22',
      );
    }
  });

  it('refuses any other compression', () => {
    const compression: unknown = 'brotli';
    expect(() => Reflect.apply(createCompression, undefined, [{ compression }, 'ship.'])).to.throw(
      TypeError,
      `ship.compression is "brotli", expected 'gzip', 'zstd' or 'none'`,
    );
  });
});
