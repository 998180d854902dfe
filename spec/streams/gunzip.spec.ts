import { crc32, deflateRawSync, gunzipSync, gzipSync } from 'node:zlib';

import { expect } from 'chai';
import fc from 'fast-check';

import { gunzip } from '../../lib/streams/gunzip.js';
import { cut, damageOf } from '../support/decode-archive.js';
import { drain, failureOf, iterate, settle } from './stream-tools.js';

const ONE = 'one, and one again: one, one, one. ';
const TWO = 'two, which is another member.';
const MEMBERS = Buffer.concat([gzipSync(ONE), gzipSync(''), gzipSync(TWO)]);

interface Read {
  readonly text: string;
  readonly error: unknown;
}

async function read(chunks: Iterable<Uint8Array>, archive?: string): Promise<Read> {
  const { given, error } = await drain(gunzip(iterate(chunks), archive));
  return { text: Buffer.concat(given).toString('latin1'), error };
}

/** A member with every part that its header may have. */
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

function flip(bytes: Buffer, bit: number): Buffer {
  const flipped = Buffer.from(bytes);
  flipped.writeUInt8(flipped.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
  return flipped;
}

describe('gunzip', () => {
  it('gives what any number of members hold, also empty ones, in whatever pieces', async () => {
    for (let size = 1; size <= MEMBERS.length; size++) {
      expect(await read(cut(MEMBERS, size))).to.deep.equal({ text: ONE + TWO, error: undefined });
    }
  });

  it('gives what zlib compressed, at any level, of any size', async () => {
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
        const { given } = await drain(gunzip(iterate(cut(Buffer.concat(compressed), size))));
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

  it('takes nothing at all for a torn member', async () => {
    for (const chunks of [[], [Buffer.alloc(0)]]) {
      const { text, error } = await read(chunks, 'a.gz');
      expect(text).to.equal('');
      expect(damageOf(error)).to.include({ reason: 'torn', offset: 0, archive: 'a.gz' });
    }
  });

  it('truncated at any byte gives all that can be decompressed, then tells that it is torn', async () => {
    for (let at = 1; at < MEMBERS.length; at++) {
      const bytes = MEMBERS.subarray(0, at);
      const expected = gunzipSync(bytes, { finishFlush: 2 }).toString();
      for (const size of [1, 10, at]) {
        const { text, error } = await read(cut(bytes, size));
        expect(text).to.equal(expected);
        // An end between two members cannot be told from the end of all.
        if (error === undefined) expect(isWholeMembers(bytes)).to.equal(true);
        else expect(damageOf(error)).to.include({ reason: 'torn', offset: text.length });
      }
    }
  });

  // The exhaustive run of bit flips in gzip.
  it('with any bit flipped tells of damage, or gives the same', async () => {
    const archive = Buffer.concat([fullMember(ONE), gzipSync(TWO)]);
    for (let bit = 0; bit < 8 * archive.length; bit++) {
      const { text, error } = await read([flip(archive, bit)]);
      if (error === undefined) {
        expect(text).to.equal(ONE + TWO);
      } else {
        // A name or data that lost its end runs up to that of the input.
        expect(damageOf(error).reason).to.be.oneOf(['bad-gzip', 'torn']);
        expect(damageOf(error).offset).to.equal(text.length);
      }
    }
  });

  it('gives the same bytes before damage, and the same error, in whatever pieces', async () => {
    // A sample with a bit of every byte.
    for (let bit = 0; bit < 8 * MEMBERS.length; bit += 7) {
      const flipped = flip(MEMBERS, bit);
      const whole = await read([flipped]);
      const pieces = await read(cut(flipped, 1));
      expect(pieces.text).to.equal(whole.text);
      if (whole.error === undefined) expect(pieces.error).to.equal(undefined);
      else expect(damageOf(pieces.error).reason).to.equal(damageOf(whole.error).reason);
    }
  });

  it('gives all members before damage that came in the same chunk', async () => {
    const damaged = gzipSync(TWO);
    damaged.writeUInt8(0xff, 10);
    const { text, error } = await read([Buffer.concat([gzipSync(ONE), damaged])]);
    expect(text).to.equal(ONE);
    expect(damageOf(error)).to.include({ reason: 'bad-gzip', offset: ONE.length });
    expect(error).to.have.property('cause').that.is.instanceOf(Error);
  });

  it('tells of a checksum, a length and a beginning that are wrong', async () => {
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

  it('takes zero bytes behind the last member as padding', async () => {
    const padded = Buffer.concat([MEMBERS, Buffer.alloc(600)]);
    for (const chunks of [[padded], [MEMBERS, Buffer.alloc(600)], [...cut(padded, 7)]]) {
      expect(await read(chunks)).to.deep.equal({ text: ONE + TWO, error: undefined });
    }
  });

  it('takes anything else behind a member as damage, zeros with a member behind them, too', async () => {
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

  it('gives what came before its source failed, then throws what the source threw', async () => {
    const failure = new Error('of the source');
    const half = MEMBERS.subarray(0, gzipSync(ONE).length + 3);
    const { given, error } = await drain(gunzip(iterate([half], failure)));
    expect(Buffer.concat(given).toString()).to.equal(ONE);
    expect(error).to.equal(failure);
  });

  it('lets its source go when it is left early, when it ends, and at damage', async () => {
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
        for await (const _chunk of gunzip(source())) if (isLeft) break;
      };
      await failureOf(loop());
      expect(released).to.equal(1);
    }
  });

  it('takes no more of its source than its reader needs', async () => {
    let taken = 0;
    async function* source() {
      for (const chunk of cut(gzipSync('x'.repeat(10_000_000)), 100)) {
        taken++;
        yield Buffer.from(chunk);
      }
    }
    const chunks = gunzip(source());
    expect((await chunks.next()).value).to.have.length.within(1, 65_536);
    await settle();
    expect(taken).to.be.at.most(2);
    await chunks.return(undefined);
  });

  it('gives a member that is far larger than it was in pieces', async () => {
    const bomb = gzipSync(Buffer.alloc(30_000_000));
    let bytes = 0;
    for await (const chunk of gunzip(iterate([bomb]))) {
      expect(chunk.length).to.be.at.most(262_144);
      bytes += chunk.length;
    }
    expect(bytes).to.equal(30_000_000);
  });

  it('never overwrites a chunk that it has given', async () => {
    const text = Array.from({ length: 30_000 }, (_, n) => `${n} `).join('');
    const { given } = await drain(gunzip(iterate(cut(gzipSync(text), 1000))));
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
