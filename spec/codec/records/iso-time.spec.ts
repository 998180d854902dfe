import { expect } from 'chai';
import fc from 'fast-check';

import { formatIsoMicros, parseIsoMicros } from '../../../lib/codec/records/iso-time.js';

describe('parseIsoMicros', () => {
  const times: ReadonlyArray<readonly [text: string, utc: string, micros: number]> = [
    ['2026-11-30T05:41:38.123456Z', '2026-11-30T05:41:38Z', 123_456],
    ['2026-11-30T05:41:38.123Z', '2026-11-30T05:41:38Z', 123_000],
    ['2026-11-30T05:41:38Z', '2026-11-30T05:41:38Z', 0],
    ['2026-11-30T05:41Z', '2026-11-30T05:41:00Z', 0],
    ['2026-11-30', '2026-11-30T00:00:00Z', 0],
    ['2026-11-30T05:41:38.5+01:00', '2026-11-30T04:41:38Z', 500_000],
    ['2026-11-30 05:41:38-0530', '2026-11-30T11:11:38Z', 0],
    ['2026-11-30T05:41:38+01', '2026-11-30T04:41:38Z', 0],
    ['2026-11-30T05:41:38.123456789Z', '2026-11-30T05:41:38Z', 123_456],
    ['1969-12-31T23:59:59.999999Z', '1969-12-31T23:59:59Z', 999_999],
  ];
  for (const [text, utc, micros] of times) {
    it(`reads ${text}`, () => {
      expect(parseIsoMicros(text)).to.equal(Date.parse(utc) * 1000 + micros);
    });
  }

  for (const text of [
    '',
    'now',
    '5',
    '1764481298',
    '2026-11-30T05:41:38',
    '2026-02-30',
    '2026-13-01',
  ]) {
    it(`returns NaN for ${JSON.stringify(text)}`, () => {
      expect(parseIsoMicros(text)).to.be.NaN;
    });
  }

  it('reads every time that formatIsoMicros writes', () => {
    const micros = fc.integer({ min: Number.MIN_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER });
    fc.assert(
      fc.property(micros, (time) => {
        expect(parseIsoMicros(formatIsoMicros(time))).to.equal(time);
      }),
    );
  });

  it('takes time linear in the text', () => {
    expect(parseIsoMicros(`2026-11-30T05:41:38.${'1'.repeat(1e6)}x`)).to.be.NaN;
  });
});

describe('formatIsoMicros', () => {
  it('writes six digits of the second, also before 1970', () => {
    expect(formatIsoMicros(1)).to.equal('1970-01-01T00:00:00.000001Z');
    expect(formatIsoMicros(-1)).to.equal('1969-12-31T23:59:59.999999Z');
  });
});
