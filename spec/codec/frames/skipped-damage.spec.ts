import { expect } from 'chai';
import fc from 'fast-check';

import { allowTime } from '../../support/allow-time.js';
import {
  decodeSkipping,
  EARLIER_ARCHIVE,
  flipBit,
  type PlainRecord,
  recordsWithout,
  type SampleArchive,
  STRANGE_ARCHIVE,
  sampleVersion1,
  sampleVersion2,
} from '../../support/damaged-archive.js';
import { everyNth, runs } from '../../support/sampled.js';

const HEADER_BYTES = 64;

/** Flips at least one bit of every byte, each time another one. */
const SAMPLE_STRIDE = 7;

/** Comparing text is many times faster than a deep comparison. */
function expectSame(found: unknown, expected: unknown): void {
  const [a, b] = [JSON.stringify(found), JSON.stringify(expected)];
  if (a !== b) expect(found).to.deep.equal(expected);
}

function frameAt({ frames }: SampleArchive, offset: number): number {
  return frames.findIndex(({ end }) => offset < end);
}

describe('Damage that is skipped, in version 2', () => {
  const sample = sampleVersion2();
  const { bytes, frames } = sample;
  const index = frames.length - 1;

  /** The expected damage if a byte at `at`, in frame `lost`, is wrong. */
  function damageOf(lost: number, at: number) {
    const { begin = 0, end = 0, records = [] } = frames[lost] ?? {};
    const isHeader = at - begin < HEADER_BYTES;
    const isUncertain = isHeader && (lost === 0 || lost === index);
    return { begin, end, recordsLost: isUncertain ? undefined : records.length };
  }

  // The exhaustive run of bit flips in version 2 is the one in pieces of 50.
  for (const [size, stride] of [
    [50, everyNth(5)],
    [211, SAMPLE_STRIDE],
    [bytes.length, SAMPLE_STRIDE],
  ] as const) {
    it(`costs only the block of a flipped bit, in pieces of ${size}`, function () {
      allowTime(this, 120_000);
      for (let bit = 0; bit < 8 * bytes.length; bit += stride) {
        const lost = frameAt(sample, bit >> 3);
        const { records, damage } = decodeSkipping(flipBit(bytes, bit), size);
        expectSame(records, recordsWithout(sample, lost));
        const [only, ...more] = damage;
        const { begin, end, recordsLost } = only ?? {};
        expectSame({ begin, end, recordsLost }, damageOf(lost, bit >> 3));
        expect(more).to.have.length(0);
      }
    });
  }

  // The exhaustive run of truncations in version 2 is the one in pieces of 1. Together the others
  // try every byte.
  for (const [size, first, stride] of [
    [1, 0, everyNth(3)],
    [7, 0, 2],
    [bytes.length, 1, 2],
  ] as const) {
    it(`costs only the torn frame if truncated at any byte, in pieces of ${size}`, function () {
      allowTime(this, 120_000);
      for (let at = first; at <= bytes.length; at += stride) {
        const { records, damage } = decodeSkipping(bytes.subarray(0, at), size);
        const whole = frames.filter(({ end }) => end <= at);
        expectSame(
          records,
          whole.flatMap((frame) => frame.records),
        );
        const begin = whole.at(-1)?.end ?? 0;
        const hasHeader = at - begin >= HEADER_BYTES;
        const recordsLost = hasHeader ? frames[whole.length]?.records.length : undefined;
        const torn = { begin, end: at, reason: 'torn', recordsLost };
        expectSame(damage, at === begin ? [] : [torn]);
      }
    });
  }

  it('costs the block of a bit that is flipped in a header, in pieces of one byte', () => {
    for (const [lost, { begin }] of frames.entries()) {
      for (let bit = 8 * begin; bit < 8 * (begin + HEADER_BYTES); bit += everyNth(7)) {
        expectSame(decodeSkipping(flipBit(bytes, bit), 1).records, recordsWithout(sample, lost));
      }
    }
  });

  it('returns a frame found by a search as soon as the header after it has come', () => {
    const second = frames[2];
    expect(second).to.not.equal(undefined);
    const flipped = flipBit(bytes, 8 * (frames[1]?.begin ?? 0));
    const till = (second?.end ?? 0) + HEADER_BYTES;
    const { records } = decodeSkipping(flipped.subarray(0, till), till);
    expect(records).to.have.length(4);
  });

  it('reports adjoining damage as one, with the records of all of it', () => {
    const [first, second, third] = [1, 2, 3].map((i) => frames[i]?.begin ?? 0);
    const end = frames[3]?.end;
    for (const at of [0, 70]) {
      const bad = [first, second, third].reduce(
        (so: Buffer, begin = 0, i) => flipBit(so, 8 * (begin + (i === 1 ? at : 70))),
        bytes,
      );
      const { records, damage } = decodeSkipping(bad);
      const [only, ...more] = damage;
      expect(only).to.include({ begin: first, end, recordsLost: 5, reason: 'bad-checksum' });
      expect(more).to.deep.equal([]);
      expectSame(
        records,
        [0, 4].flatMap((i) => frames[i]?.records ?? []),
      );
    }
  });

  it('loses no frame to garbage before, between or after frames', () => {
    const garbage = fc.uint8Array({ minLength: 1, maxLength: 300 }).filter(([first]) => {
      return first === undefined || first < 9 || first > 0x7f;
    });
    fc.assert(
      fc.property(garbage, fc.nat(frames.length), fc.constantFrom(1, 64, 5000), (junk, n, size) => {
        const at = frames[n]?.begin ?? bytes.length;
        const found = decodeSkipping(
          Buffer.concat([bytes.subarray(0, at), junk, bytes.subarray(at)]),
          size,
        );
        expectSame(found.records, recordsWithout(sample, -1));
        const [damage] = found.damage;
        const isInside = n > 0 && n < frames.length;
        expect(found.damage).to.have.length(1);
        expect(damage).to.include({ begin: at, end: at + junk.length });
        expect(damage?.recordsLost).to.equal(isInside ? 0 : undefined);
      }),
      { numRuns: 200 },
    );
  });

  it('never returns a record that was not written, whatever is inserted, deleted or zeroed', () => {
    const written = new Set(recordsWithout(sample, -1).map((record) => JSON.stringify(record)));
    const { records: others } = decodeSkipping(STRANGE_ARCHIVE);
    const strange = new Set(others.map((record) => JSON.stringify(record)));
    const change = fc.record({
      at: fc.integer({ min: HEADER_BYTES, max: bytes.length }),
      remove: fc.oneof(fc.nat(200), fc.constant(0)),
      insert: fc.oneof(
        fc.uint8Array({ maxLength: 200 }),
        fc.nat(200).map((count) => new Uint8Array(count)),
        fc.nat(200).map((count) => bytes.subarray(700, 700 + count)),
      ),
    });
    const changes = fc.array(change, { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(changes, fc.constantFrom(5000, 64), (list, size) => {
        let changed = bytes;
        for (const { at, remove, insert } of list) {
          const parts = [changed.subarray(0, at), insert, changed.subarray(at + remove)];
          changed = Buffer.concat(parts);
        }
        const { records, damage } = decodeSkipping(changed, size);
        // If bytes move, a frame of a payload may end up where a frame of the archive should be.
        const isMoved = changed.length !== bytes.length;
        for (const record of records) {
          const text = JSON.stringify(record);
          if (!written.has(text) && !(isMoved && strange.has(text))) expect.fail(text);
        }
        let last = -1;
        for (const { begin, end } of damage) {
          expect(begin).to.be.above(last);
          expect(end).to.be.within(begin + 1, changed.length);
          last = end;
        }
      }),
      { numRuns: runs(500, 1500) },
    );
  });

  it('costs only the blocks in which bytes are zeroed', () => {
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 400 }), (at, count) => {
        const end = Math.min(at + count, bytes.length);
        const zeroed = Buffer.from(bytes).fill(0, at, end);
        fc.pre(!zeroed.subarray(at, end).equals(bytes.subarray(at, end)));
        const { records } = decodeSkipping(zeroed, 100);
        const isTouched = (frame: { begin: number; end: number }) =>
          frame.begin < end && frame.end > at;
        // A block between two bad headers has no good header after it, so it is lost too.
        const others = frames.filter((frame) => !isTouched(frame));
        const texts = records.map((record) => JSON.stringify(record));
        for (const record of others.flatMap((frame) => frame.records)) {
          expect(texts).to.include(JSON.stringify(record));
        }
      }),
      { numRuns: runs(150, 300) },
    );
  });
});

describe('Damage that is skipped, in version 1', () => {
  const sample = sampleVersion1([
    { metadata: { kind: 'login', user: 'ann' }, payload: '{"n":1}' },
    { metadata: {}, payload: '' },
    { metadata: { é: 'ü' }, payload: 'some more text' },
    { payload: Buffer.from([0x84, 0x78, 0x86, 0x69, 1, 0, 4, 0, 0, 0]) },
    { metadata: { a: '', b: 'c' }, payload: 'last' },
  ]);
  const { bytes, frames } = sample;

  // The exhaustive runs of bit flips and of truncations in version 1 are those in pieces of 1.
  for (const [size, stride] of [
    [1, everyNth(3)],
    [50, SAMPLE_STRIDE],
    [bytes.length, SAMPLE_STRIDE],
  ] as const) {
    it(`costs at most the record of a flipped bit, in pieces of ${size}`, function () {
      allowTime(this, 120_000);
      for (let bit = 0; bit < 8 * bytes.length; bit += stride) {
        const touched = frameAt(sample, bit >> 3);
        const { records, damage } = decodeSkipping(flipBit(bytes, bit), size);
        const others = recordsWithout(sample, touched);
        // Version 1 has no checksum, so a bit that is flipped in text is not detected.
        const isLost = records.length === others.length;
        const left = isLost ? records : records.filter((_, i) => i !== touched);
        expectSame(left, others);
        const { begin, end } = frames[touched] ?? {};
        expectSame(damage.map(ends), isLost ? [{ begin, end, recordsLost: undefined }] : []);
      }
    });

    it(`costs only the torn record if truncated at any byte, in pieces of ${size}`, () => {
      for (let at = 0; at <= bytes.length; at += Math.min(stride, 3)) {
        const { records, damage } = decodeSkipping(bytes.subarray(0, at), size);
        const whole = frames.filter(({ end }) => end <= at);
        expectSame(
          records,
          whole.flatMap((frame) => frame.records),
        );
        const begin = whole.at(-1)?.end ?? 0;
        expectSame(damage, at === begin ? [] : [{ begin, end: at, reason: 'torn' }]);
      }
    });
  }

  it('costs no other record if payloads hold archives, whose records may be returned', () => {
    const holding = sampleVersion1([
      { payload: EARLIER_ARCHIVE },
      { payload: 'one' },
      { payload: Buffer.concat([bytes, bytes]) },
      { payload: STRANGE_ARCHIVE, metadata: { kind: 'archive' } },
      { payload: 'two' },
    ]);
    for (let bit = 0; bit < 8 * holding.bytes.length; bit += SAMPLE_STRIDE) {
      const touched = frameAt(holding, bit >> 3);
      const { records } = decodeSkipping(flipBit(holding.bytes, bit), 1000);
      expectSubsequence(recordsWithout(holding, touched), records);
    }
  });

  it('never throws, whatever bytes are changed', () => {
    const changes = fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { minLength: 1 });
    fc.assert(
      fc.property(changes, fc.constantFrom(1, 30, 5000), (list, size) => {
        const changed = Buffer.from(bytes);
        for (const [at, value] of list) changed.writeUInt8(value, at);
        const { damage } = decodeSkipping(changed, size);
        for (const { begin, end } of damage) expect(end).to.be.within(begin + 1, bytes.length);
      }),
      { numRuns: 500 },
    );
  });
});

function ends({ begin, end, recordsLost }: { begin: number; end: number; recordsLost?: unknown }) {
  return { begin, end, recordsLost };
}

function expectSubsequence(part: readonly PlainRecord[], all: readonly PlainRecord[]): void {
  let at = 0;
  const texts = all.map((record) => JSON.stringify(record));
  for (const record of part) {
    at = texts.indexOf(JSON.stringify(record), at) + 1;
    if (at === 0) expect(all).to.deep.include(record);
  }
}
