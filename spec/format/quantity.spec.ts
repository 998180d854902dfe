import { expect } from 'chai';
import fc from 'fast-check';

import { parseByteCount, parseDurationMs } from '../../lib/format/quantity.js';

describe('parseByteCount', () => {
  it('returns a number of bytes unchanged', () => {
    expect(parseByteCount(0, 'size')).to.equal(0);
    expect(parseByteCount(Number.MAX_SAFE_INTEGER, 'size')).to.equal(Number.MAX_SAFE_INTEGER);
  });

  it('reads digits without a unit as bytes', () => {
    expect(parseByteCount('512', 'size')).to.equal(512);
  });

  const sizes: ReadonlyArray<readonly [text: string, bytes: number]> = [
    ['1 B', 1],
    ['1 kB', 1e3],
    ['1 MB', 1e6],
    ['1.5 GB', 1.5e9],
    ['2TB', 2e12],
    ['1 KiB', 1024],
    ['100 MiB', 104_857_600],
    ['0.5 GiB', 2 ** 29],
    ['1 TiB', 2 ** 40],
    ['  7  mib ', 7 * 2 ** 20],
  ];
  for (const [text, bytes] of sizes) {
    it(`reads ${JSON.stringify(text)} as ${bytes}`, () => {
      expect(parseByteCount(text, 'size')).to.equal(bytes);
    });
  }

  it('reads a unit in any case', () => {
    fc.assert(
      fc.property(fc.mixedCase(fc.constantFrom('1 kib', '1 mib', '1 gib')), (text) => {
        expect(parseByteCount(text, 'size')).to.equal(parseByteCount(text.toUpperCase(), 'size'));
      }),
    );
  });

  for (const value of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53]) {
    it(`refuses the number ${value} and shows it`, () => {
      expect(() => parseByteCount(value, 'blockBytes')).to.throw(
        RangeError,
        `blockBytes is ${value}, expected bytes or a size such as '100 MiB'`,
      );
    });
  }

  for (const value of ['', ' ', 'MiB', '-1 MiB', '1 MiBs', '1,5 MB', '1 EB', '0x10', '1e3', '-']) {
    it(`refuses the text ${JSON.stringify(value)} and shows it`, () => {
      expect(() => parseByteCount(value, 'size')).to.throw(RangeError, JSON.stringify(value));
    });
  }

  it('refuses a size over 2^53 - 1 bytes', () => {
    expect(() => parseByteCount('10000 TiB', 'size')).to.throw(RangeError);
  });
});

describe('parseDurationMs', () => {
  const durations: ReadonlyArray<readonly [value: string | number, duration: number]> = [
    [0, 0],
    [1.5, 1.5],
    ['250ms', 250],
    ['250', 250],
    ['1s', 1000],
    ['5m', 300_000],
    ['1.5h', 5_400_000],
    ['2 days', 172_800_000],
  ];
  for (const [value, duration] of durations) {
    it(`reads ${JSON.stringify(value)} as ${duration} ms`, () => {
      expect(parseDurationMs(value, 'age')).to.equal(duration);
    });
  }

  for (const value of [-1, Number.NaN, Number.POSITIVE_INFINITY]) {
    it(`refuses the number ${value} and shows it`, () => {
      expect(() => parseDurationMs(value, 'flushIntervalMs')).to.throw(
        RangeError,
        `flushIntervalMs is ${value}, expected ms or a duration such as '5m'`,
      );
    });
  }

  for (const value of ['', 'soon', '-5m', '5 parsecs', `${'1'.repeat(101)}`]) {
    it(`refuses the text ${JSON.stringify(value).slice(0, 20)}`, () => {
      expect(() => parseDurationMs(value, 'age')).to.throw(RangeError, 'age is ');
    });
  }
});
