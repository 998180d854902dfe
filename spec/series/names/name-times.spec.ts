import { expect } from 'chai';

import { TemplateError } from '../../../lib/errors/template-error.js';
import { ArchiveTemplate } from '../../../lib/series/names/archive-template.js';
import { readNameTimes } from '../../../lib/series/names/name-times.js';
import { KeyTemplate } from '../../../lib/shipping/key-template.js';

const FIRST = Date.UTC(2026, 10, 30, 5, 41, 38) * 1000 + 123_456;
const LAST = FIRST + 3_600_000_000;

function nameOf(template: string): string {
  const facts = {
    sha256: 'ab'.repeat(32),
    records: 7,
    firstTimeMicros: FIRST,
    lastTimeMicros: LAST,
  };
  const context = { timeMicros: LAST + 5, ordinal: 3, host: 'h', pid: 4, writer: 'f'.repeat(16) };
  const made = new ArchiveTemplate(template);
  return made.sealedName(made.openName(context), facts);
}

describe('readNameTimes', () => {
  it('reads the times of the earliest and the latest record, whatever is around them', () => {
    for (const template of [
      '[[FIRST_TIME]]_[[LAST_TIME]].events',
      'x_%Y-%m-%dT%H-%M-%S_[[COUNT]][[LAST_TIME]]-[[FIRST_TIME]].events',
    ]) {
      const times = readNameTimes(nameOf(template));
      expect(times).to.deep.equal({ earliestMicros: FIRST, latestMicros: LAST });
    }
  });

  it('includes records whose times a key has rounded to milliseconds', () => {
    const key = new KeyTemplate('[[FIRST_TIME]]_[[LAST_TIME]]_[[NAME]]').keysOf({
      ...{ path: 'a', name: 'a.events', bytes: 1, records: 1, sha256: '0'.repeat(64), openedAt: 0 },
      firstTime: new Date(FIRST / 1000),
      lastTime: new Date(LAST / 1000),
    });
    const times = readNameTimes(key.plain);
    expect(times?.earliestMicros).to.be.at.most(FIRST);
    expect(times?.latestMicros).to.be.at.least(LAST);
  });

  it('concludes nothing from one time, from equal ones, and from times of the clock', () => {
    const [first] = /^.*Z/.exec(nameOf('[[FIRST_TIME]].events')) ?? [];
    for (const name of [
      'a.events',
      nameOf('[[FIRST_TIME]].events'),
      nameOf('[[FIRST_TIME]]_[[FIRST_TIME]].events'),
      // The name has the time exactly, the key in milliseconds.
      `${first?.replace('456Z', '000Z')}_${first}.events`,
      'events_2026-11-30T05-00-00_ffffffffffffffff-000001.events',
      '2026-11-30T05-00-00_2026-11-30T06-00-00.events',
      '2026-02-30T05-00-00.000000Z_2026-11-30T06-00-00.000000Z.events',
      'none_none.events',
    ]) {
      expect(readNameTimes(name), name).to.equal(undefined);
    }
  });

  it('can trust the times, because no other part of a template may make such ones', () => {
    for (const template of [
      '%Y-%m-%dT%H-%M-%S.%fZ.events',
      'x_%FT%H-%M-%S.%fZ_[[LAST_TIME]].events',
      '2026-11-30T05-00-00.000000Z_[[LAST_TIME]].events',
    ]) {
      expect(() => new ArchiveTemplate(template)).to.throw(TemplateError, 'leave out the Z');
      expect(() => new KeyTemplate(`${template}/[[NAME]]`)).to.throw(TemplateError);
    }
    expect(() => new ArchiveTemplate('%Y-%m-%dT%H-%M-%S.%f.events')).not.to.throw();
  });
});
