import { gunzipSync } from 'node:zlib';

import { expect } from 'chai';

import { decodeDataHeader } from '../../../lib/codec/compression/gzip/gzip-member.js';
import { SMALL_MEMBER_END } from '../../../lib/format/seekable-gzip.js';
import { decompress } from '../../../lib/streams/compression/decompress.js';
import { createGzipReader } from '../../../lib/streams/compression/gzip-reader.js';
import {
  createSmallInflater,
  SmallInflater,
} from '../../../lib/streams/compression/small-inflater.js';
import { compressAll } from '../../support/gzip-tools.js';
import { encodeUnsealed, numbered } from '../../support/series.js';

const RAWS = [1, 20, 500].map((count) => encodeUnsealed(numbered('v', count)));

/** The data member of a compressed archive, and its size when inflated. */
function memberOf(file: Buffer) {
  const entry = decodeDataHeader(file, () => {
    throw new Error('the member is good');
  });
  if (entry === null) throw new Error('there is a member');
  return { member: Buffer.from(file.subarray(0, entry.memberBytes)), rawBytes: entry.rawBytes };
}

/** A copy with a flipped bit in the middle. */
function damage(bytes: Buffer): Buffer {
  const damaged = Buffer.from(bytes);
  const middle = damaged.length >> 1;
  damaged.writeUInt8(damaged.readUInt8(middle) ^ 1, middle);
  return damaged;
}

describe('SmallInflater', () => {
  let small: SmallInflater;

  before(async function () {
    // It is optional: a native package, built for the version of Node that has installed it.
    const failure = await import('zlib-sync').then(
      () => undefined,
      (error: NodeJS.ErrnoException) => error,
    );
    if (failure === undefined) return;
    expect(['ERR_DLOPEN_FAILED', 'ERR_MODULE_NOT_FOUND']).to.include(failure.code);
    console.log(`    skipped: zlib-sync cannot be loaded (${failure.code})`);
    this.skip();
  });

  beforeEach(async () => {
    const loaded = await createSmallInflater();
    if (loaded === null) throw new Error('zlib-sync can be loaded, but not by SmallInflater');
    small = loaded;
  });

  it('inflates members one after the other', async () => {
    for (const raw of [...RAWS, ...RAWS, ...RAWS]) {
      const { member, rawBytes } = memberOf(await compressAll(raw));
      expect(small.inflate(member, rawBytes)?.equals(raw)).to.equal(true);
    }
  });

  it('needs a member that ends with a sync flush, which every gzip program reads', async () => {
    const [, raw = Buffer.of()] = RAWS;
    const file = await compressAll(raw);
    const { member, rawBytes } = memberOf(file);
    expect([...member.subarray(-14, -8)]).to.deep.equal(SMALL_MEMBER_END);
    expect(gunzipSync(file).equals(raw)).to.equal(true);
    member[member.length - 9] = 1;
    expect(small.inflate(member, rawBytes)).to.equal(null);
  });

  it('leaves large members to node:zlib', async () => {
    const { member, rawBytes } = memberOf(await compressAll(Buffer.alloc(70_000, 'abc')));
    expect(small.inflate(member, rawBytes)).to.equal(null);
  });

  it('drops an inflater at a damaged member, and makes at most four', async () => {
    const { member, rawBytes } = memberOf(await compressAll(RAWS[0] ?? Buffer.of()));
    const inputs: Buffer[][] = [];
    const failing = new SmallInflater(() => {
      const own: Buffer[] = [];
      inputs.push(own);
      return { err: -3, result: null, push: (input) => own.push(input) };
    });
    for (let i = 0; i < 10; i++) expect(failing.inflate(member, rawBytes)).to.equal(null);
    expect(inputs.map((given) => given.length)).to.deep.equal([1, 1, 1, 1]);
    expect(inputs.flat().every((input) => Buffer.isBuffer(input))).to.equal(true);
  });

  it('inflates good members after a damaged one', async () => {
    const raw = RAWS[2] ?? Buffer.of();
    const { member, rawBytes } = memberOf(await compressAll(raw));
    expect(small.inflate(damage(member), rawBytes)).to.equal(null);
    expect(small.inflate(member, rawBytes)?.equals(raw)).to.equal(true);
  });
});

describe('createGzipReader', () => {
  async function read(load: () => Promise<SmallInflater | null>, file: Buffer) {
    const pieces: Buffer[] = [];
    const source = (async function* () {
      yield file;
    })();
    const bytes = () => Buffer.concat(pieces).toString('hex');
    try {
      const reader = createGzipReader(load);
      for await (const piece of decompress(reader, source, 'a.gz', 'part')) pieces.push(piece);
      return { bytes: bytes(), message: '' };
    } catch (error) {
      return { bytes: bytes(), message: String(error) };
    }
  }

  it('reads the same, whether zlib-sync is installed or not', async () => {
    const good = await Promise.all(RAWS.map((raw) => compressAll(raw)));
    const all = Buffer.concat(good);
    for (const file of [...good, all, damage(all), all.subarray(0, 300)]) {
      const without = await read(async () => null, file);
      expect(await read(createSmallInflater, file)).to.deep.equal(without);
    }
  });
});
