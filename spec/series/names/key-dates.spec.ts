import { expect } from 'chai';

import { TemplateError } from '../../../lib/errors/template-error.js';
import { KeyDates } from '../../../lib/series/names/key-dates.js';
import { KeyTemplate } from '../../../lib/shipping/key-template.js';

const TIME_MS = Date.UTC(2026, 10, 30, 5, 41, 38, 123);

/** The path of an object that a template has made, and the time that its key states. */
function earliestOf(template: string, firstTime = new Date(TIME_MS)): Date | undefined {
  const archive = { path: 'a', name: 'a.events', bytes: 1, records: 1, sha256: '0'.repeat(64) };
  const keys = new KeyTemplate(template).keysOf({
    ...archive,
    ...{ openedAt: 0, firstTime, lastTime: firstTime },
  });
  const path = `s3://bucket/some/folder/${keys.plain.replace(/\.gz$/, '')}`;
  const micros = new KeyDates(template).earliestMicros(path);
  return micros === undefined ? undefined : new Date(micros / 1000);
}

describe('KeyDates', () => {
  it('reads the dates in the folders of a key', () => {
    const hour = new Date(Date.UTC(2026, 10, 30, 5));
    const day = new Date(Date.UTC(2026, 10, 30));
    for (const [template, expected] of [
      ['dt=%Y-%m-%d/hour=%H/[[NAME]]', hour],
      ['%Y/%m/%d/%H/[[HOST]]/[[NAME]]', hour],
      ['x%%y: %F %H/[[NAME]]', hour],
      ['[[HOST]]/%F/[[COUNT]]-[[NAME]]', day],
      ['%F/%a/[[NAME]]', day],
      ['%F/%T/[[NAME]]', new Date(Date.UTC(2026, 10, 30, 5, 41, 38))],
      ['%Y/%H/[[NAME]]', new Date(Date.UTC(2026, 0, 1))],
    ] as const) {
      expect(earliestOf(template), template).to.deep.equal(expected);
    }
  });

  it('never states a later time than that of the first record', () => {
    for (const ms of [0, 999, -1, -86_400_000, TIME_MS, Date.UTC(2000, 1, 29)]) {
      const earliest = earliestOf('%Y/%m/%d/%H/%M/%S/[[NAME]]', new Date(ms));
      expect(earliest?.getTime()).to.be.within(ms - 1001, ms);
    }
  });

  it('concludes nothing from other keys', () => {
    const dates = new KeyDates('dt=%Y-%m-%d/hour=%H/[[NAME]]');
    for (const path of [
      'a.events',
      'dt=2026-11-30/a.events',
      'dt=2026-11-31/hour=05/a.events',
      'dt=2026-11-30/hour=24/a.events',
      'dt=2026-13-30/hour=05/a.events',
      'dt=0026-11-30/hour=05/a.events',
      'xdt=2026-11-30/hour=05/a.events',
      'dt=2026-11-30/hour=05/more/a.events',
      'dt=2026-11-30/hour=5/a.events',
    ]) {
      expect(dates.earliestMicros(path), path).to.equal(undefined);
    }
  });

  it('refuses a template that excludes nothing, or has an unknown token', () => {
    for (const template of [
      '[[NAME]]',
      '%m/%d/[[NAME]]',
      '[[HOST]]-%Y/[[NAME]]',
      '[[NAM]]/%Y',
      '',
    ]) {
      expect(() => new KeyDates(template)).to.throw(TemplateError);
    }
  });
});
