import { expect } from 'chai';
import fc from 'fast-check';

import { hashOfBytes, MetadataDecoder } from '../../../lib/codec/version-2/metadata-decoder.js';
import { forgeCounted, forgeVarint } from '../../support/forge-frame.js';

describe('MetadataDecoder', () => {
  type Pair = readonly [key: number, value: Buffer];

  const KEYS = Array.from({ length: 200 }, (_, i) => `key-${i}`);

  /** Encodes pairs as in a block. */
  const encode = (pairs: readonly Pair[]) =>
    Buffer.concat(pairs.flatMap(([key, value]) => [forgeVarint(key), forgeCounted(value)]));

  /** Decodes bytes with other bytes on both sides. */
  const decode = (decoder: MetadataDecoder, pairs: readonly Pair[], keys = KEYS) => {
    const encoded = encode(pairs);
    const bytes = Buffer.concat([Buffer.of(0xe2, 0x82), encoded, Buffer.of(0xac)]);
    return decoder.decode(keys, bytes, 2, 2 + encoded.length);
  };

  const entriesOf = (pairs: readonly Pair[]) =>
    pairs.map(([key, value]) => [KEYS[key], value.toString('utf8')]);

  const ascii = (length: number) => Buffer.alloc(length, 'x');

  it('decodes each value as Buffer.toString does, whatever it decoded before', () => {
    // Few letters, so that many values are equal or nearly equal, and halves of characters.
    const value = fc.oneof(
      fc.string({ unit: fc.constantFrom('a', 'b', '\u007f', 'é', '€'), maxLength: 4 }),
      fc.string({ unit: fc.constantFrom('a', 'b'), minLength: 100, maxLength: 300 }),
    );
    const bytes = fc.oneof(
      value.map((text) => Buffer.from(text)),
      fc.uint8Array({ maxLength: 4 }).map((array) => Buffer.from(array)),
      fc.constantFrom([0xe2, 0x82], [0xac], [0xff], [0xef, 0xbf, 0xbd]).map(Buffer.from),
    );
    const keys = fc.uniqueArray(fc.constantFrom(0, 1, 2, 127, 128, 172), { maxLength: 4 });
    const pairs = keys.chain((some) =>
      fc.tuple(...some.map((key) => fc.tuple(fc.constant(key), bytes))),
    );
    fc.assert(
      fc.property(fc.array(pairs, { maxLength: 20 }), (records) => {
        const decoder = new MetadataDecoder();
        for (const record of [...records, ...records, ...records]) {
          expect(Object.entries(decode(decoder, record))).to.deep.equal(entriesOf(record));
        }
      }),
    );
  });

  it('returns the same object when metadata occur a third time', () => {
    const decoder = new MetadataDecoder();
    const pairs: Pair[] = [[0, Buffer.from('login')]];
    const [first, second, third, fourth] = Array.from({ length: 4 }, () => decode(decoder, pairs));
    expect(first).to.not.equal(second);
    expect(third).to.equal(second);
    expect(fourth).to.equal(second);
    expect(third).to.deep.equal(first);
  });

  it('returns another object for the same bytes with other keys', () => {
    const decoder = new MetadataDecoder();
    const pairs: Pair[] = [[1, Buffer.from('login')]];
    for (let i = 0; i < 3; i++) {
      expect(Object.keys(decode(decoder, pairs, ['a', 'b']))).to.deep.equal(['b']);
      expect(Object.keys(decode(decoder, pairs, ['a', 'c']))).to.deep.equal(['c']);
    }
  });

  it('does not cache long metadata', () => {
    const decoder = new MetadataDecoder();
    const pairs: Pair[] = [[0, ascii(63)]];
    const given = Array.from({ length: 4 }, () => decode(decoder, pairs));
    expect(new Set(given).size).to.equal(4);
  });

  it('returns only frozen objects', () => {
    const decoder = new MetadataDecoder();
    for (const value of [ascii(0), ascii(5), ascii(100), ascii(1000), Buffer.of(0xff)]) {
      for (let i = 0; i < 3; i++) {
        const metadata: Record<string, string> = decode(decoder, [[0, value]]);
        expect(() => {
          metadata[KEYS[0] as string] = 'changed';
        }).to.throw(TypeError);
        expect(Object.getPrototypeOf(metadata)).to.equal(null);
      }
    }
  });

  it('decodes correctly when more metadata alternate than the cache has slots', () => {
    const decoder = new MetadataDecoder();
    for (let i = 0; i < 3 * 20_000; i++) {
      const value = String(i % 20_000);
      expect(decode(decoder, [[0, Buffer.from(value)]])['key-0']).to.equal(value);
    }
  });
});

describe('hashOfBytes', () => {
  const places = (texts: readonly string[]) =>
    new Set(texts.map((text) => hashOfBytes(Buffer.from(text), 0, text.length) >>> 20));

  it('depends on the bytes from start to end, and on their order', () => {
    const bytes = Buffer.from('xabyabxba');
    expect(hashOfBytes(bytes, 1, 3)).to.equal(hashOfBytes(bytes, 4, 6));
    expect(hashOfBytes(bytes, 1, 3)).to.not.equal(hashOfBytes(bytes, 7, 9));
    expect(hashOfBytes(bytes, 3, 3)).to.equal(0);
  });

  it('is an integer of 32 bits', () => {
    for (let i = 0; i < 1000; i++) {
      const bytes = Buffer.from(String(i));
      const hash = hashOfBytes(bytes, 0, bytes.length);
      expect(hash).to.equal(hash | 0);
    }
  });

  // 100 balls thrown at 4096 slots fill 99 of them.
  const names: [what: string, nameOf: (i: number) => string][] = [
    ['numbers', (i) => String(i)],
    ['padded numbers', (i) => `web-${String(i).padStart(2, '0')}`],
    ['numbers at the start', (i) => `${i}.example.com`],
    ['lengths', (i) => 'x'.repeat(i)],
  ];
  for (const [what, nameOf] of names) {
    it(`spreads names that differ by ${what} over the slots`, () => {
      expect(places(Array.from({ length: 100 }, (_, i) => nameOf(i))).size).to.be.at.least(95);
    });
  }
});
