import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { expect } from 'chai';
import fc from 'fast-check';

import { strftime } from '../../../lib/series/names/strftime.js';

interface Expected {
  readonly timeMicros: number;
  readonly texts: Readonly<Record<string, string>>;
}

const GENERATOR = fileURLToPath(new URL('../../fixtures/strftime.py', import.meta.url));
const FIXTURE = fileURLToPath(new URL('../../fixtures/strftime.json', import.meta.url));

/** Directives that Python passes on to the C library, and that only glibc has. */
const GLIBC_DIRECTIVES = new Set('klP');

/** 2026-11-24T04:30:05.123456Z */
const TIME_MICROS = 1795494605123456;

describe('strftime', () => {
  it('formats every directive as in the fixture that Python wrote', () => {
    const instants: readonly Expected[] = JSON.parse(readFileSync(FIXTURE, 'utf8'));
    expect(instants).to.have.length.greaterThan(30);
    for (const { timeMicros, texts } of instants) {
      expect(Object.keys(texts)).to.have.length(42);
      expect(allOf(timeMicros, texts), String(timeMicros)).to.deep.equal(texts);
    }
  });

  it('formats random times like the Python on this machine', function () {
    if (spawnSync('python3', ['--version']).status !== 0) this.skip();
    const micros = fc.integer({
      min: Date.UTC(1900, 0, 1) * 1000,
      max: Date.UTC(2101, 0, 1) * 1000 - 1,
    });
    const args = fc.sample(micros, 300).map(String);
    const output = execFileSync('python3', [GENERATOR, ...args], { encoding: 'utf8' });
    const instants: readonly Expected[] = JSON.parse(output);
    expect(instants).to.have.length(300);
    for (const { timeMicros, texts } of instants) {
      const portable = Object.fromEntries(
        Object.entries(texts).filter(([directive]) => !GLIBC_DIRECTIVES.has(directive)),
      );
      expect(allOf(timeMicros, portable), String(timeMicros)).to.deep.equal(portable);
    }
  });

  it('formats %f with six digits', () => {
    expect(strftime('%f', 7)).to.equal('000007');
    expect(strftime('%S.%f', -1)).to.equal('59.999999');
  });

  it('leaves all other text unchanged', () => {
    const text = '🗄 a/b: [[CRC]] -_0';
    expect(strftime(`${text}%Y${text}`, TIME_MICROS)).to.equal(`${text}2026${text}`);
  });

  it('expands nothing twice', () => {
    expect(strftime('%%Y %%%Y %%%%Y', TIME_MICROS)).to.equal('%Y %2026 %%Y');
  });

  it('refuses a directive that Python does not have, and names it', () => {
    for (const directive of 'EiJKLNoOqQv+-_0E:🗄') {
      const attempt = () => strftime(`%Y-%${directive}`, TIME_MICROS);
      expect(attempt, directive).to.throw(RangeError, `%${directive} is not a strftime directive`);
    }
  });

  it('refuses a % at the end', () => {
    expect(() => strftime('%Y%', TIME_MICROS)).to.throw(RangeError, '% at the end');
    expect(strftime('%Y%%', TIME_MICROS)).to.equal('2026%');
  });

  it('refuses a time that is not a whole number of microseconds', () => {
    for (const time of [Number.NaN, Number.POSITIVE_INFINITY, 0.5, 2 ** 53]) {
      expect(() => strftime('%Y', time), String(time)).to.throw(RangeError, `time is ${time}`);
    }
  });

  describe('in the time zone of the process', () => {
    const zone = process.env.TZ;

    afterEach(() => {
      if (zone === undefined) delete process.env.TZ;
      else process.env.TZ = zone;
    });

    it('formats local time, its offset and its name', () => {
      process.env.TZ = 'America/New_York';
      const template = '%F %T.%f %z %Z %C %P';
      expect(strftime(template, TIME_MICROS, { utc: false })).to.equal(
        '2026-11-23 23:30:05.123456 -0500 EST 20 pm',
      );
    });

    it('formats UTC by default', () => {
      process.env.TZ = 'Asia/Kolkata';
      expect(strftime('%F %T %z %Z', TIME_MICROS)).to.equal('2026-11-24 04:30:05 +0000 UTC');
      expect(strftime('%T %z', TIME_MICROS, { utc: false })).to.equal('10:00:05 +0530');
    });

    it('counts %s from the epoch', () => {
      process.env.TZ = 'Asia/Kolkata';
      expect(strftime('%s', TIME_MICROS, { utc: false })).to.equal('1795494605');
    });
  });
});

function allOf(
  timeMicros: number,
  texts: Readonly<Record<string, string>>,
): Record<string, string> {
  const directives = Object.keys(texts);
  return Object.fromEntries(
    directives.map((directive) => [directive, strftime(`%${directive}`, timeMicros)]),
  );
}
