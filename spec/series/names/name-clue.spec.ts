import { expect } from 'chai';

import { ArchiveTemplate, DEFAULT_TEMPLATE } from '../../../lib/series/names/archive-template.js';
import { readNameClue } from '../../../lib/series/names/name-clue.js';

const WRITER = '0123456789abcdef';
const TIME_MICROS = Date.UTC(2026, 10, 30, 10, 5, 9) * 1000;

describe('readNameClue', () => {
  function clueOf(template: string) {
    const context = { timeMicros: TIME_MICROS, ordinal: 123, host: 'web-7', pid: 40_123 };
    return readNameClue(new ArchiveTemplate(template).openName({ ...context, writer: WRITER }));
  }

  it('finds the writer, the ordinal and the time in names of the default template', () => {
    const period = { startMicros: TIME_MICROS, endMicros: TIME_MICROS + 1_000_000 };
    const expected = { writer: WRITER, ordinal: 123, period };
    expect(clueOf(DEFAULT_TEMPLATE)).to.deep.equal(expected);
    const alternative = `events_2026-11-30T10-05-09_${WRITER}-000123-1.events`;
    expect(readNameClue(alternative)).to.deep.equal(expected);
  });

  it('finds them wherever a template puts them', () => {
    for (const template of [
      '[[HOST]]-[[PID]]-[[WRITER]]-[[SEQUENCE]]-[[COUNT]].events',
      '[[SEQUENCE]]_[[WRITER]].events',
      'x-[[WRITER]].[[SEQUENCE]]_[[CRC]].events',
    ]) {
      expect(clueOf(template), template).to.include({ writer: WRITER, ordinal: 123 });
    }
    for (const template of ['%Y%m%d_[[WRITER]].events', '%Y%m%dT%H%M%S_[[WRITER]].events']) {
      expect(clueOf(template), template).to.include({ writer: WRITER, ordinal: undefined });
    }
    expect(clueOf('[[HOST]]_%Y-%m-%d.events')).to.include({ writer: undefined });
  });

  it('finds nothing in names that give no order', () => {
    for (const name of ['x_9.events', 'a.events', `${WRITER}.events`, `${WRITER}0-000001.events`]) {
      expect(readNameClue(name), name).to.equal(undefined);
    }
  });
});
