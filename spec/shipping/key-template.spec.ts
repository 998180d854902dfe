import { hostname } from 'node:os';

import { expect } from 'chai';
import picomatch from 'picomatch';

import { TemplateError } from '../../lib/errors/template-error.js';
import { ArchiveTemplate } from '../../lib/series/names/archive-template.js';
import { KeyTemplate } from '../../lib/shipping/key-template.js';
import { sealedArchive } from '../support/sealed-archive.js';

const ARCHIVE = {
  ...sealedArchive('/spool/x_1.events'),
  firstTime: new Date('2026-03-04T05:06:07.089Z'),
  lastTime: new Date('2026-03-05T00:00:00Z'),
  openedAt: Date.parse('2027-01-01T00:00:00Z'),
};

describe('KeyTemplate', () => {
  const cases: readonly (readonly [template: string, key: string])[] = [
    ['[[NAME]]', 'x_1.events'],
    ['logs/dt=%Y-%m-%d/hour=%H/[[NAME]]', 'logs/dt=2026-03-04/hour=05/x_1.events'],
    ['100%% of %D %T/[[NAME]]', '100% of_03_04_26_05_06_07/x_1.events'.replace('% of', '%_of')],
    ['%f/[[COUNT]]-[[NAME]]', '089000/2-x_1.events'],
    ['[[CRC]]/[[NAME]]', `${'ab'.repeat(32)}/x_1.events`],
    ['[[FIRST_TIME]]/[[NAME]]', '2026-03-04T05-06-07.089000Z/x_1.events'],
    ['[[LAST_TIME]]_[[NAME]]', '2026-03-05T00-00-00.000000Z_x_1.events'],
    ['host=[[HOST]]/[[NAME]]', `host=${hostname()}/x_1.events`],
  ];
  for (const [template, key] of cases) {
    it(`makes ${key.slice(0, 50)} from ${template}`, () => {
      const { plain, distinct } = new KeyTemplate(template).keysOf(ARCHIVE);
      expect(plain).to.equal(`${key}.gz`);
      expect(distinct).to.equal(`${key.replace(/\.events$/, '-abababab.events')}.gz`);
    });
  }

  it('does not append .gz to a template that ends with it', () => {
    const { plain, distinct } = new KeyTemplate('logs/[[NAME]].gz').keysOf(ARCHIVE);
    expect(plain).to.equal('logs/x_1.events.gz');
    expect(new KeyTemplate('logs/[[NAME]].GZ').keysOf(ARCHIVE).plain).to.equal(plain);
    expect(distinct).to.equal('logs/x_1-abababab.events.gz');
    const isMatch = picomatch(new KeyTemplate('logs/[[NAME]].gz').patternOf('x_*.events'));
    expect(isMatch(plain)).to.equal(true);
  });

  for (const template of ['.[[NAME]]', 'logs/.[[NAME]]', '[[NAME]].part', '[[NAME]].journal.gz']) {
    it(`refuses ${template}, whose objects no reader would read`, () => {
      expect(() => new KeyTemplate(template)).to.throw(
        TemplateError,
        'readers take for no archive',
      );
    });
  }

  it('uses the time of opening for an archive whose records have no times', () => {
    const archive = { ...ARCHIVE, firstTime: null, lastTime: null };
    expect(new KeyTemplate('%Y/[[LAST_TIME]]/[[NAME]]').keysOf(archive).plain).to.equal(
      '2027/none/x_1.events.gz',
    );
  });

  const refused: readonly (readonly [template: string, message: string])[] = [
    ['../[[NAME]]', 'has the segment ..'],
    ['a/../../[[NAME]]', 'has the segment ..'],
    ['./[[NAME]]', 'has the segment .'],
    ['/logs/[[NAME]]', 'begins with a slash'],
    ['a//[[NAME]]', 'has an empty segment'],
    ['[[NAME]]/', 'has an empty segment'],
    ['a\0b/[[NAME]]', 'holds a control character'],
    ['%n/[[NAME]]', 'holds a control character'],
    ['\ud800/[[NAME]]', 'holds half of a surrogate pair'],
    [`${'x'.repeat(1024)}/[[NAME]]`, 'at most 1024 are allowed'],
    ['', 'has no [[NAME]]'],
    ['logs/%Y', 'has no [[NAME]]'],
    ['[[WRITER]]/[[NAME]]', 'has the token [[WRITER]], expected one of NAME, HOST, CRC'],
    ['[[NAME]]/]]', 'has double brackets around no token'],
    ['%Q/[[NAME]]', '%Q is not a strftime directive'],
    ['50%/[[NAME]]', 'cannot be expanded'],
  ];
  for (const [template, message] of refused) {
    it(`refuses ${JSON.stringify(template).slice(0, 40)}`, () => {
      expect(() => new KeyTemplate(template)).to.throw(TemplateError, message);
    });
  }

  it('refuses an archive whose name makes an invalid key', () => {
    const template = new KeyTemplate('logs/[[NAME]]');
    for (const name of ['../x.events', '/x.events', 'a\0.events', '']) {
      expect(() => template.keysOf({ ...ARCHIVE, name }), JSON.stringify(name)).to.throw(
        TemplateError,
      );
    }
  });

  it('has a pattern that matches its keys and no others', () => {
    const names = new ArchiveTemplate('x_[[SEQUENCE]].events').pattern;
    for (const [text] of cases) {
      const template = new KeyTemplate(text);
      const isMatch = picomatch(template.patternOf(names), { nonegate: true });
      const { plain, distinct } = template.keysOf(ARCHIVE);
      for (const key of [plain, distinct]) {
        expect(isMatch(key), `${key} by ${template.patternOf(names)}`).to.equal(true);
        expect(key.startsWith(template.prefix), `${key} by ${template.prefix}`).to.equal(true);
        expect(isMatch(`other/${key}`)).to.equal(false);
        expect(isMatch(key.replace('x_', 'y_'))).to.equal(false);
      }
    }
    const starred = new KeyTemplate('a*%Y/[[NAME]]').patternOf(names);
    expect(picomatch(starred, { nonegate: true })('a*2026/x_1.events.gz')).to.equal(true);
    expect(picomatch(starred, { nonegate: true })('ab2026/x_1.events.gz')).to.equal(false);
  });

  it('appends the suffix of the compression, unless it is there', () => {
    const keyOf = (template: string, suffix: string) =>
      new KeyTemplate(template, suffix).keysOf(ARCHIVE).plain;
    expect(keyOf('[[NAME]]', '.zst')).to.equal('x_1.events.zst');
    expect(keyOf('[[NAME]].zst', '.zst')).to.equal('x_1.events.zst');
    expect(keyOf('[[NAME]]', '')).to.equal('x_1.events');
    expect(() => keyOf('[[NAME]].gz', '.zst')).to.throw(
      TemplateError,
      'ends with .gz, expected .zst',
    );
    expect(() => keyOf('[[NAME]].gz', '')).to.throw(TemplateError, 'as compression is none');
  });

  it('knows the keys that an archive had under another compression', () => {
    const template = new KeyTemplate('a/[[NAME]]', '.zst');
    const roleOf = (key: string) => template.roleOf(key, ARCHIVE);
    for (const suffix of ['', '.gz', '.zst']) {
      expect(roleOf(`a/x_1.events${suffix}`)).to.equal('plain');
      expect(roleOf(`a/x_1-abababab.events${suffix}`)).to.equal('distinct');
    }
    for (const key of ['a/x_2.events.gz', 'x_1.events.zst', 'a/x_1.events.br']) {
      expect(roleOf(key), key).to.equal(null);
    }
    const isMatch = picomatch(template.patternOf('x_*.events'), { nonegate: true });
    expect(['', '.gz', '.zst'].every((suffix) => isMatch(`a/x_1.events${suffix}`))).to.equal(true);
    expect(isMatch('a/x_1.events.br')).to.equal(false);
  });

  it('knows whether the digest is in the key', () => {
    expect(new KeyTemplate('[[CRC]]/[[NAME]]').isDistinct).to.equal(true);
    expect(new KeyTemplate('CRC/[[NAME]]').isDistinct).to.equal(false);
  });
});
