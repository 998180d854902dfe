import { crc32, deflateRawSync, gunzipSync, gzipSync } from 'node:zlib';

import { expect } from 'chai';
import fc from 'fast-check';

import { decompress } from '../../../lib/streams/compression/decompress.js';
import { gzipReader } from '../../../lib/streams/compression/gzip-reader.js';
import { flipBit } from '../../support/damaged-archive.js';
import { cut, damageOf } from '../../support/decode-archive.js';
import { drain, iterate, settle } from '../stream-tools.js';

const ONE = 'one, and one again: one, one, one. ';
const TWO = 'two, which is another member.';
const MEMBERS = Buffer.concat([gzipSync(ONE), gzipSync(''), gzipSync(TWO)]);

interface Read {
  readonly text: string;
  readonly error: unknown;
}

async function read(chunks: Iterable<Uint8Array>, archive?: string): Promise<Read> {
  const { given, error } = await drain(decompress(gzipReader, iterate(chunks), archive));
  return { text: Buffer.concat(given).toString('latin1'), error };
}

/** A member whose header has every optional field. */
function fullMember(text: string): Buffer {
  const header = Buffer.concat([
    Buffer.from('1f8b081e000000000003', 'hex'),
    Buffer.from([4, 0, 0x53, 0x42, 0, 0]),
    Buffer.from('name\0'),
    Buffer.from('comment\0'),
  ]);
  const ends = Buffer.alloc(10);
  ends.writeUInt16LE(crc32(header) & 0xffff, 0);
  ends.writeUInt32LE(crc32(text), 2);
  ends.writeUInt32LE(text.length, 6);
  return Buffer.concat([header, ends.subarray(0, 2), deflateRawSync(text), ends.subarray(2)]);
}

describe('decompress, of gzip', () => {
  it('decompresses any number of members, empty ones too, from chunks of any size', async () => {
    for (let size = 1; size <= MEMBERS.length; size++) {
      expect(await read(cut(MEMBERS, size))).to.deep.equal({ text: ONE + TWO, error: undefined });
    }
  });

  it('decompresses the output of zlib, at any level and of any size', async () => {
    const members = fc.array(
      fc.record({
        text: fc.tuple(fc.string(), fc.nat(20_000)).map(([text, times]) => text.repeat(times)),
        level: fc.integer({ min: 0, max: 9 }),
      }),
      { minLength: 1, maxLength: 4 },
    );
    await fc.assert(
      fc.asyncProperty(members, fc.integer({ min: 100, max: 100_000 }), async (some, size) => {
        const compressed = some.map(({ text, level }) => gzipSync(text, { level }));
        const { given } = await drain(
          decompress(gzipReader, iterate(cut(Buffer.concat(compressed), size))),
        );
        const expected = Buffer.from(some.map(({ text }) => text).join(''));
        expect(Buffer.concat(given).equals(expected)).to.equal(true);
      }),
      { numRuns: 30 },
    );
  });

  it('reads headers with extra fields, names, comments and checksums', async () => {
    const member = fullMember(ONE);
    expect(gunzipSync(member).toString()).to.equal(ONE);
    for (const size of [1, 2, 5, 13, member.length]) {
      const twice = Buffer.concat([member, member]);
      expect(await read(cut(twice, size))).to.deep.equal({ text: ONE + ONE, error: undefined });
    }
  });

  it('reports no bytes at all as a torn member', async () => {
    for (const chunks of [[], [Buffer.alloc(0)]]) {
      const { text, error } = await read(chunks, 'a.gz');
      expect(text).to.equal('');
      expect(damageOf(error)).to.include({ reason: 'torn', offset: 0, archive: 'a.gz' });
    }
  });

  it('gives all it can decompress, then reports a torn member, truncated at any byte', async () => {
    for (let at = 1; at < MEMBERS.length; at++) {
      const bytes = MEMBERS.subarray(0, at);
      const expected = gunzipSync(bytes, { finishFlush: 2 }).toString();
      for (const size of [1, 10, at]) {
        const { text, error } = await read(cut(bytes, size));
        expect(text).to.equal(expected);
        // An end between two members looks like the end of the file.
        if (error === undefined) expect(isWholeMembers(bytes)).to.equal(true);
        else expect(damageOf(error)).to.include({ reason: 'torn', offset: text.length });
      }
    }
  });

  // The exhaustive run of bit flips in gzip.
  it('reports damage or gives the same bytes, with any bit flipped', async () => {
    const archive = Buffer.concat([fullMember(ONE), gzipSync(TWO)]);
    for (let bit = 0; bit < 8 * archive.length; bit++) {
      const { text, error } = await read([flipBit(archive, bit)]);
      if (error === undefined) {
        expect(text).to.equal(ONE + TWO);
      } else {
        // A name or data without its end continues to the end of the input.
        expect(damageOf(error).reason).to.be.oneOf(['bad-gzip', 'torn']);
        expect(damageOf(error).offset).to.equal(text.length);
      }
    }
  });

  it('gives the same bytes and the same error at damage, from chunks of any size', async () => {
    // A sample: one bit of every byte.
    for (let bit = 0; bit < 8 * MEMBERS.length; bit += 7) {
      const flipped = flipBit(MEMBERS, bit);
      const whole = await read([flipped]);
      const pieces = await read(cut(flipped, 1));
      expect(pieces.text).to.equal(whole.text);
      if (whole.error === undefined) expect(pieces.error).to.equal(undefined);
      else expect(damageOf(pieces.error).reason).to.equal(damageOf(whole.error).reason);
    }
  });

  it('gives all members before damage in the same chunk', async () => {
    const damaged = gzipSync(TWO);
    damaged.writeUInt8(0xff, 10);
    const { text, error } = await read([Buffer.concat([gzipSync(ONE), damaged])]);
    expect(text).to.equal(ONE);
    expect(damageOf(error)).to.include({ reason: 'bad-gzip', offset: ONE.length });
    expect(error).to.have.property('cause').that.is.instanceOf(Error);
  });

  it('reports a wrong checksum, length and magic number', async () => {
    const whole = gzipSync(ONE);
    const changes: [offset: number, message: RegExp, text: string][] = [
      [0, /expected a gzip member, found 0x..8b/, ''],
      [2, /expected gzip method 8, found method/, ''],
      [3, /expected gzip flags below 0x20, found 0x/, ''],
      [whole.length - 8, /expected gzip checksum 0x[0-9a-f]{8}, found 0x/, ONE],
      [whole.length - 4, /bytes in a member, found 35/, ONE],
    ];
    for (const [offset, message, expected] of changes) {
      const changed = Buffer.from(whole);
      changed.writeUInt8(changed.readUInt8(offset) ^ 0xf7, offset);
      const { text, error } = await read([changed]);
      expect(text).to.equal(expected);
      expect(damageOf(error).reason).to.equal('bad-gzip');
      expect(damageOf(error).message).to.match(message);
    }
  });

  it('accepts zero bytes after the last member as padding', async () => {
    const padded = Buffer.concat([MEMBERS, Buffer.alloc(600)]);
    for (const chunks of [[padded], [MEMBERS, Buffer.alloc(600)], [...cut(padded, 7)]]) {
      expect(await read(chunks)).to.deep.equal({ text: ONE + TWO, error: undefined });
    }
  });

  it('reports other bytes after a member as damage, also zeros before another', async () => {
    const rests = ['x', 'garbage', '\x1f\x8c', '\0x', '\0'.repeat(512)].map((text) =>
      Buffer.from(text, 'latin1'),
    );
    for (const rest of rests) {
      const tail = rest.some((byte) => byte !== 0) ? rest : Buffer.concat([rest, gzipSync(TWO)]);
      const archive = Buffer.concat([gzipSync(ONE), tail]);
      for (const chunks of [[archive], [gzipSync(ONE), tail], [...cut(archive, 1)]]) {
        const { text, error } = await read(chunks);
        expect(text).to.equal(ONE);
        expect(damageOf(error)).to.include({ reason: 'bad-gzip', offset: ONE.length });
      }
    }
  });

  it('gives all bytes before its source fails, then throws the error of the source', async () => {
    const failure = new Error('of the source');
    const half = MEMBERS.subarray(0, gzipSync(ONE).length + 3);
    const { given, error } = await drain(decompress(gzipReader, iterate([half], failure)));
    expect(Buffer.concat(given).toString()).to.equal(ONE);
    expect(error).to.equal(failure);
  });

  it('closes its source when the loop ends early, at the end, and at damage', async () => {
    const bytes = gzipSync('x'.repeat(300_000));
    for (const [input, isLeft] of [
      [bytes, true],
      [bytes, false],
      [Buffer.from('damage'), false],
    ] as const) {
      let released = 0;
      async function* source() {
        try {
          yield* iterate(cut(input, 100));
        } finally {
          released++;
        }
      }
      const loop = async () => {
        for await (const _chunk of decompress(gzipReader, source())) if (isLeft) break;
      };
      await loop().catch(() => undefined);
      expect(released).to.equal(1);
    }
  });

  it('takes no more of its source than the reader needs', async () => {
    let taken = 0;
    async function* source() {
      for (const chunk of cut(gzipSync('x'.repeat(10_000_000)), 100)) {
        taken++;
        yield Buffer.from(chunk);
      }
    }
    const chunks = decompress(gzipReader, source());
    expect((await chunks.next()).value).to.have.length.within(1, 65_536);
    await settle();
    expect(taken).to.be.at.most(2);
    await chunks.return(undefined);
  });

  it('gives a member that expands far in pieces', async () => {
    const bomb = gzipSync(Buffer.alloc(30_000_000));
    let bytes = 0;
    for await (const chunk of decompress(gzipReader, iterate([bomb]))) {
      expect(chunk.length).to.be.at.most(262_144);
      bytes += chunk.length;
    }
    expect(bytes).to.equal(30_000_000);
  });

  it('never overwrites a chunk that it gave', async () => {
    const text = Array.from({ length: 30_000 }, (_, n) => `${n} `).join('');
    const { given } = await drain(decompress(gzipReader, iterate(cut(gzipSync(text), 1000))));
    expect(Buffer.concat(given).toString()).to.equal(text);
  });
});

function isWholeMembers(bytes: Buffer): boolean {
  try {
    gunzipSync(bytes);
    return true;
  } catch {
    return false;
  }
}
