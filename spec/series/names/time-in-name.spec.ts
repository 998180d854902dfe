import { expect } from 'chai';

import { strftime } from '../../../lib/series/names/strftime.js';
import { findTimeInName } from '../../../lib/series/names/time-in-name.js';

const TIME_MICROS = Date.UTC(2026, 10, 30, 5, 41, 38) * 1000 + 123_456;
const SECOND = 1_000_000;

describe('findTimeInName', () => {
  /** The time in a template's name, and its span. */
  const formats: Readonly<Record<string, number>> = {
    '%Y-%m-%dT%H-%M-%S.%fZ': 1,
    '%Y-%m-%dT%H-%M-%S': SECOND,
    '%Y-%m-%d_%H_%M_%S': SECOND,
    '%Y-%m-%d_%H-%M': 60 * SECOND,
    '%Y-%m-%dT%H': 3600 * SECOND,
    '%Y-%m-%d': 86_400 * SECOND,
    '%Y%m%dT%H%M%SZ': SECOND,
    '%Y%m%d_%H%M%S': SECOND,
    '%Y%m%d%H%M%S': SECOND,
    '%Y%m%d-%H%M': 60 * SECOND,
    '%Y%m%d': 86_400 * SECOND,
    '%s': SECOND,
    '%s.%f': 1,
  };

  for (const [format, lengthMicros] of Object.entries(formats)) {
    it(`reads ${format}`, () => {
      for (const around of ['', 'x_[]_0123456789abcdef-000001.events', 'dt=[]/a.gz', 'h1-[]-7']) {
        const name = around === '' ? format : around.replace('[]', format);
        const period = findTimeInName(strftime(name, TIME_MICROS))?.period;
        const startMicros = Math.floor(TIME_MICROS / lengthMicros) * lengthMicros;
        expect(period).to.deep.equal({ startMicros, endMicros: startMicros + lengthMicros });
      }
    });
  }

  it('finds none in other numbers', () => {
    const names = ['x_9.events', '2026-13-24', '20260230', '2026-11-30T25', '123456789', 'abc'];
    for (const name of names) {
      const start = findTimeInName(name)?.period.startMicros;
      expect(start, name).to.equal(undefined);
    }
  });

  it('finds none in the digits of writer ids and digests', () => {
    const ids = ['3016442000d13713', '89f9b7159970980e', '20261130abcdef12', 'AB20261130123456'];
    for (const id of [...ids, `${ids.join('')}`]) {
      expect(findTimeInName(`x_${id}-000001.events`), id).to.equal(undefined);
    }
  });

  it('takes no sequence after a date for a time of day', () => {
    const period = findTimeInName('a-2026-11-30-000123.events')?.period;
    expect(period?.startMicros).to.equal(Date.UTC(2026, 10, 30) * 1000);
  });
});
