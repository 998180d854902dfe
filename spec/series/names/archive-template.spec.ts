import { expect } from 'chai';
import fc from 'fast-check';
import picomatch from 'picomatch';

import { TemplateError } from '../../../lib/errors/template-error.js';
import { alternativeName } from '../../../lib/series/names/alternative-name.js';
import { ArchiveTemplate, DEFAULT_TEMPLATE } from '../../../lib/series/names/archive-template.js';
import type { SealFacts } from '../../../lib/series/names/seal-facts.js';
import type { NameContext } from '../../../lib/series/names/token-text.js';

const CONTEXT: NameContext = {
  timeMicros: 1399999999123456,
  ordinal: 7,
  host: 'web-1.example',
  pid: 4242,
  writer: '00112233445566ff',
};

const FACTS: SealFacts = {
  sha256: 'ab'.repeat(32),
  records: 1234,
  firstTimeMicros: 1795523405123456,
  lastTimeMicros: null,
};

describe('ArchiveTemplate', () => {
  it('expands strftime directives in UTC', () => {
    expect(openName('e_%Y-%m-%dT%H-%M-%S.%f.events')).to.equal(
      'e_2014-05-13T16-53-19.123456.events',
    );
  });

  it('expands every token whose value exists when an archive opens', () => {
    expect(openName('[[SEQUENCE]]')).to.equal('000007');
    expect(openName('[[HOST]]')).to.equal('web-1.example');
    expect(openName('[[PID]]')).to.equal('4242');
    expect(openName('[[WRITER]]')).to.equal('00112233445566ff');
    expect(openName('[[TIMESTAMP]]')).to.equal('1399999999.123456');
  });

  it('has a default that sorts by time and names the writer', () => {
    expect(openName(DEFAULT_TEMPLATE)).to.equal(
      'events_2014-05-13T16-53-19_00112233445566ff-000007.events',
    );
  });

  it('continues after six digits of sequence', () => {
    expect(openName('[[SEQUENCE]]', { ordinal: 1_234_567 })).to.equal('1234567');
  });

  it('writes all digits of a timestamp, even before 1970', () => {
    const name = (timeMicros: number) => openName('[[TIMESTAMP]]', { timeMicros });
    expect(name(0)).to.equal('0.000000');
    expect(name(-1)).to.equal('-0.000001');
    expect(name(-1_500_000)).to.equal('-1.500000');
    expect(name(Number.MAX_SAFE_INTEGER)).to.equal('9007199254.740991');
  });

  it('replaces spaces, slashes and colons of directives and text by underscores', () => {
    expect(openName('a b/c:%D %X.events')).to.equal('a_b_c_05_13_14_16_53_19.events');
  });

  it('makes a host name safe and cuts it', () => {
    const host = (text: string) => openName('h_[[HOST]]_x', { host: text });
    expect(host('a/../b c\0é🗄[[CRC]]%Y')).to.equal('h_a_.._b_c_____CRC___Y_x');
    expect(host('h'.repeat(100))).to.equal(`h_${'h'.repeat(64)}_x`);
  });

  it('does not expand a directive across a token', () => {
    expect(() => new ArchiveTemplate('a%[[HOST]]')).to.throw(TemplateError, '% at the end');
  });

  it('keeps sealing tokens in the name of an open archive', () => {
    const name = '[[CRC]]_[[COUNT]]_[[FIRST_TIME]]_[[LAST_TIME]].events';
    expect(openName(name)).to.equal(name);
  });

  it('replaces sealing tokens when the archive is sealed', () => {
    const template = new ArchiveTemplate('[[CRC]]_[[COUNT]]_[[FIRST_TIME]]_[[LAST_TIME]].events');
    expect(template.sealedName(template.openName(CONTEXT), FACTS)).to.equal(
      `${'ab'.repeat(32)}_1234_2026-11-24T12-30-05.123456Z_none.events`,
    );
  });

  it('replaces sealing tokens in an alternative name as well', () => {
    const template = new ArchiveTemplate('a_[[COUNT]].events');
    const taken = alternativeName(template.openName(CONTEXT), 2);
    expect(template.sealedName(taken, FACTS)).to.equal('a_1234-2.events');
  });

  it('is distinct if names hold the id of the writer or the digest of the archive', () => {
    for (const template of [DEFAULT_TEMPLATE, 'x_[[WRITER]].events', 'x_[[CRC]].events']) {
      expect(new ArchiveTemplate(template).isDistinct, template).to.equal(true);
    }
    for (const template of ['x_[[SEQUENCE]].events', '[[HOST]]_[[PID]].events', 'WRITER.events']) {
      expect(new ArchiveTemplate(template).isDistinct, template).to.equal(false);
    }
  });

  it('leaves text that looks almost like a token', () => {
    expect(openName('[HOST]')).to.equal('[HOST]');
    expect(openName('[[[PID]]]')).to.equal('[4242]');
  });

  describe('refuses a template', () => {
    const refused: readonly (readonly [what: string, template: string, problem: string])[] = [
      ['that is empty', '', 'is empty'],
      ['that is absolute', '/var/%Y.events', 'absolute'],
      ['that leads outside', 'a/../../b', 'outside'],
      ['that ends outside', 'a/..', 'outside'],
      ['with a NUL', 'a\0b', 'control character'],
      ['with a line feed', 'a\nb', 'control character'],
      ['whose directive makes a line feed', 'a%nb', 'control character'],
      ['with a backslash', 'a\\b', 'backslash'],
      ['with a lone surrogate', 'a\ud800', 'lone surrogate'],
      ['with an unknown token', 'a_[[FOO]]', '[[FOO]]'],
      ['with a token in lower case', 'a_[[crc]]', '[[crc]]'],
      ['with brackets around no token', 'a_[[CRC]', 'double brackets'],
      ['with an unknown directive', 'a_%Q', '%Q is not a strftime directive'],
      ['with a % at the end', 'a_%', '% at the end'],
      ['that is a dot', '.', 'begins with a dot'],
      ['that is two dots', '..', 'outside'],
      ['for a hidden file', '.events_%Y', 'begins with a dot'],
      ['that contains .torn-', 'a.torn-5', '.torn-'],
      ...['.open', '.gz', '.part', '.stale', '.suspect', '.journal'].map(
        (suffix) => [`that ends with ${suffix}`, `a_%Y${suffix}`, suffix] as const,
      ),
    ];

    for (const [what, template, problem] of refused) {
      it(what, () => {
        expect(() => new ArchiveTemplate(template)).to.throw(TemplateError, problem);
      });
    }

    it('whose names can be longer than 180 bytes', () => {
      const longest = (template: string) => () => new ArchiveTemplate(template);
      expect(longest('x'.repeat(180))).not.to.throw();
      expect(longest('x'.repeat(181))).to.throw(TemplateError, '181 bytes');
      expect(longest('é'.repeat(91))).to.throw(TemplateError, '182 bytes');
      expect(longest(`[[CRC]]${'x'.repeat(116)}`)).not.to.throw();
      expect(longest(`[[CRC]]${'x'.repeat(117)}`)).to.throw(TemplateError, '181 bytes');
      expect(longest(`[[COUNT]]${'x'.repeat(165)}`)).to.throw(TemplateError, '181 bytes');
      expect(longest(`%A_%B${'x'.repeat(162)}`)).to.throw(TemplateError, '181 bytes');
    });
  });

  it('refuses a host with which no archive may have the name', () => {
    expect(() => openName('[[HOST]]', { host: '' })).to.throw(TemplateError, 'empty name');
    expect(() => openName('[[HOST]]', { host: '.web' })).to.throw(TemplateError, 'dot');
    expect(() => openName('a_[[HOST]]', { host: 'web.gz' })).to.throw(TemplateError, '.gz');
  });

  describe('pattern', () => {
    it('has a star for each token, each directive, and the number of an alternative', () => {
      const patternOf = (template: string) => new ArchiveTemplate(template).pattern;
      expect(patternOf('a.events')).to.equal('a*.events');
      expect(patternOf('a')).to.equal('a*');
      expect(patternOf('a_%Y%m%d_[[PID]].events')).to.equal('a_*_*.events');
      expect(patternOf('a.b_%Y')).to.equal('a*.b_*');
      expect(patternOf('a b/100%%[x]*')).to.equal('a_b_100%\\[x\\]\\**');
      expect(patternOf(DEFAULT_TEMPLATE)).to.equal('events_*-*-*T*-*-*_*-*.events');
    });

    it('has one star for neighbouring tokens and directives', () => {
      expect(new ArchiveTemplate('[[HOST]]%Y[[PID]].events').pattern).to.equal('*.events');
    });

    it('has a percent sign for %%', () => {
      expect(new ArchiveTemplate('%%Y.events').pattern).to.equal('%Y*.events');
    });

    it('does not match other names', () => {
      const matches = picomatch(new ArchiveTemplate('a_%Y.events').pattern);
      expect(matches('b_2014.events')).to.equal(false);
      expect(matches('a_2014.event')).to.equal(false);
      expect(matches('a_2014/b.events')).to.equal(false);
    });

    it('matches every name of the template, open and sealed, and every alternative', () => {
      fc.assert(
        fc.property(templates, contexts, facts, fc.nat(1000), (text, context, sealed, n) => {
          const template = templateOrNone(text);
          fc.pre(template !== undefined);
          const name = nameOrNone(template, context);
          fc.pre(name !== undefined);
          const matches = picomatch(template.pattern);
          for (const open of [name, alternativeName(name, n + 1)]) {
            expect(matches(open), `${template.pattern} matches ${open}`).to.equal(true);
            const final = template.sealedName(open, sealed);
            for (const taken of [final, alternativeName(final, n + 1)]) {
              expect(matches(taken), `${template.pattern} matches ${taken}`).to.equal(true);
            }
          }
        }),
        { numRuns: 2000 },
      );
    });
  });

  it('makes names that stay in their directory, within 180 bytes', () => {
    fc.assert(
      fc.property(templates, contexts, facts, (text, context, sealed) => {
        const template = templateOrNone(text);
        fc.pre(template !== undefined);
        const name = nameOrNone(template, context);
        fc.pre(name !== undefined);
        for (const made of [name, template.sealedName(name, sealed)]) {
          expect(made).to.match(/^[^./\\\0][^/\\\0]*$/);
          expect(Buffer.byteLength(made)).to.be.at.most(180);
        }
      }),
      { numRuns: 2000 },
    );
  });
});

const templates = fc
  .array(
    fc.oneof(
      fc.constantFrom('.', '.events', '.b', '/', ' ', ':', '%%', '[', ']', '-', '_', 'a', '..x'),
      fc.constantFrom(...'*?!+@(){}|^$,"\'&~<>=;#').map((character) => `a${character}`),
      fc.constantFrom(...'aAbBcCdDeFgGhHIjklmMpPrRsSTuUVwWxXyYzZf').map((letter) => `%${letter}`),
      fc.constantFrom('SEQUENCE', 'HOST', 'PID', 'WRITER', 'TIMESTAMP').map(token),
      fc.constantFrom('CRC', 'COUNT', 'FIRST_TIME', 'LAST_TIME').map(token),
      fc.string({ maxLength: 5 }).map((text) => text.replaceAll('%', '')),
      fc.string({ unit: 'grapheme', maxLength: 3 }).map((text) => text.replaceAll('%', '')),
    ),
    { minLength: 1, maxLength: 8 },
  )
  .map((pieces) => pieces.join(''));

const times = fc.integer({ min: -(2 ** 51), max: 2 ** 52 });

const contexts: fc.Arbitrary<NameContext> = fc.record({
  timeMicros: times,
  ordinal: fc.nat(),
  host: fc.string({ minLength: 1, unit: 'grapheme' }),
  pid: fc.nat(),
  writer: fc.constant('0123456789abcdef'),
});

const facts: fc.Arbitrary<SealFacts> = fc.record({
  sha256: fc.constant('0f'.repeat(32)),
  records: fc.nat(),
  firstTimeMicros: fc.option(times),
  lastTimeMicros: fc.option(times),
});

function token(name: string): string {
  return `[[${name}]]`;
}

function openName(template: string, change: Partial<NameContext> = {}): string {
  return new ArchiveTemplate(template).openName({ ...CONTEXT, ...change });
}

function templateOrNone(text: string): ArchiveTemplate | undefined {
  return unlessRefused(() => new ArchiveTemplate(text));
}

function nameOrNone(template: ArchiveTemplate, context: NameContext): string | undefined {
  return unlessRefused(() => template.openName(context));
}

function unlessRefused<Value>(make: () => Value): Value | undefined {
  try {
    return make();
  } catch (error) {
    if (error instanceof TemplateError) return undefined;
    throw error;
  }
}
