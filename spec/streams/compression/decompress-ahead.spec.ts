import { crc32, gzipSync } from 'node:zlib';

import { expect } from 'chai';

import { knownCrc32 } from '../../../lib/codec/bytes/known-crc32.js';
import { LARGEST_SMALL_MEMBER } from '../../../lib/format/seekable-gzip.js';
import { decompress } from '../../../lib/streams/compression/decompress.js';
import {
  decompressAhead,
  MOST_MEMBERS,
} from '../../../lib/streams/compression/decompress-ahead.js';
import { gzipReader } from '../../../lib/streams/compression/gzip-reader.js';
import { PulledBytes } from '../../../lib/streams/compression/pulled-bytes.js';
import { flipBit } from '../../support/damaged-archive.js';
import { cut, damageOf } from '../../support/decode-archive.js';
import { compressAll, membersOf, sampleBlocks } from '../../support/gzip-tools.js';
import { drain, iterate } from '../stream-tools.js';

const MEMBER_BYTES = 4096;
const ARCHIVE = sampleBlocks();
/** Members after this one are streamed, not inflated ahead. */
const FOREIGN = gzipSync('');

describe('decompressAhead', () => {
  let gzip: Buffer;

  before(async () => {
    gzip = await compressAll(ARCHIVE, { memberBytes: MEMBER_BYTES });
  });

  const pulled = (bytes: Buffer, size = 1000) => new PulledBytes(iterate(cut(bytes, size)));

  async function read(bytes: Buffer, size = 1000) {
    const { given, error } = await drain(decompress(gzipReader, iterate(cut(bytes, size))));
    return { text: Buffer.concat(given).toString('latin1'), error };
  }

  it('gives each data member as one piece, and leaves the bytes after them', async () => {
    const members = membersOf(gzip);
    const behind = members.filter(({ kind }) => kind !== 1).map(({ bytes }) => bytes);
    for (const size of [10, 1000, gzip.length]) {
      const input = pulled(gzip, size);
      const { given, error } = await drain(decompressAhead(input, gzipReader));
      expect(error).to.equal(undefined);
      expect(Buffer.concat(given).equals(ARCHIVE)).to.equal(true);
      expect(given).to.have.length(members.length - behind.length);
      while (await input.pull());
      expect(input.takeAll().equals(Buffer.concat(behind))).to.equal(true);
    }
  });

  it('notes the checksum of a member that is not small, so that no one need compute it again', async () => {
    const large = Buffer.concat(Array.from({ length: 9 }, () => ARCHIVE));
    const members = await compressAll(large, { memberBytes: 2 * LARGEST_SMALL_MEMBER });
    const { given } = await drain(decompressAhead(pulled(members), gzipReader));
    const isLarge = (raw: Buffer) => raw.length > LARGEST_SMALL_MEMBER;
    expect(given.some(isLarge)).to.equal(true);
    for (const raw of given) {
      expect(knownCrc32(raw)).to.equal(isLarge(raw) ? crc32(raw) : undefined);
    }
  });

  it('leaves gzip of other programs untouched', async () => {
    for (const bytes of [gzipSync(ARCHIVE), Buffer.concat([FOREIGN, gzip]), Buffer.alloc(0)]) {
      const input = pulled(bytes);
      expect(await drain(decompressAhead(input, gzipReader))).to.deep.equal({
        given: [],
        error: undefined,
      });
      while (await input.pull());
      expect(input.takeAll().equals(bytes)).to.equal(true);
    }
  });

  it('takes only a few members of its source ahead', async () => {
    let taken = 0;
    async function* source() {
      for (const chunk of cut(gzip, 100)) {
        taken += chunk.length;
        yield Buffer.from(chunk);
      }
    }
    const members = membersOf(gzip);
    const ahead = decompressAhead(new PulledBytes(source()), gzipReader);
    expect(members).to.have.length.above(MOST_MEMBERS + 2);
    for (const { offset } of members.slice(MOST_MEMBERS)) {
      await ahead.next();
      expect(taken).to.be.below(offset + 100);
    }
    await ahead.return(undefined);
  });

  it('leaves a large member to be streamed', async () => {
    const large = await compressAll(Buffer.alloc(9 * 2 ** 20, 'x'), { memberBytes: 2 ** 24 });
    expect(await drain(decompressAhead(pulled(large), gzipReader))).to.deep.equal({
      given: [],
      error: undefined,
    });
    const { error, text } = await read(large, 65_536);
    expect([error, text.length]).to.deep.equal([undefined, 9 * 2 ** 20]);
  });

  it('gives the same result as streaming for damage anywhere', async () => {
    for (let at = 0; at < gzip.length; at += 307) {
      const damaged = flipBit(gzip, 8 * at + (at % 8));
      const ahead = await read(damaged);
      const inTurn = await read(Buffer.concat([FOREIGN, damaged]));
      if (inTurn.error === undefined) {
        // Damage in an index, or in the end member, which is missing then.
        expect(ahead.text === inTurn.text).to.equal(true);
        continue;
      }
      const { offset, reason } = damageOf(ahead.error);
      expect({ offset, reason }).to.deep.equal({
        offset: damageOf(inTurn.error).offset,
        reason: damageOf(inTurn.error).reason,
      });
      expect(ahead.text === inTurn.text).to.equal(true);
    }
  });

  it('reads a truncated file as streaming does, but reports the missing end member', async () => {
    const ends = membersOf(gzip).map(({ offset }) => offset);
    for (let length = 1; length < gzip.length; length += 303) {
      if (ends.includes(length)) continue;
      const ahead = await read(gzip.subarray(0, length));
      const inTurn = await read(Buffer.concat([FOREIGN, gzip.subarray(0, length)]));
      expect(ahead.text === inTurn.text).to.equal(true);
      expect(damageOf(ahead.error).reason).to.equal('torn');
    }
    for (const { offset } of membersOf(gzip).slice(1)) {
      const { error, text } = await read(gzip.subarray(0, offset));
      expect(damageOf(error)).to.include({ reason: 'bad-gzip', offset: text.length });
      expect(damageOf(error).message).to.include('the last member of a seekable gzip');
      const part = decompress(gzipReader, iterate([gzip.subarray(0, offset)]), 'a', 'part');
      expect((await drain(part)).error).to.equal(undefined);
    }
  });

  it('gives all members before its source fails, then throws the error of the source', async () => {
    const failure = new Error('of the source');
    const half = gzip.subarray(0, Math.round(gzip.length / 2));
    const { given, error } = await drain(decompress(gzipReader, iterate([half], failure)));
    expect(error).to.equal(failure);
    const inTurn = await drain(decompress(gzipReader, iterate([FOREIGN, half], failure)));
    expect(Buffer.concat(given).equals(Buffer.concat(inTurn.given))).to.equal(true);
  });
});
