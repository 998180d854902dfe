import { expect } from 'chai';
import * as fc from 'fast-check';
import picomatch from 'picomatch';

import { ArchiveTemplate, DEFAULT_TEMPLATE } from '../../../lib/series/names/archive-template.js';
import { escapeGlob } from '../../../lib/series/names/glob.js';
import { createGlobMatcher } from '../../../lib/series/names/glob-matcher.js';

/** Texts that a glob must match, and texts that it must not. */
const cases: readonly (readonly [glob: string, yes: readonly string[], no: readonly string[]])[] = [
  ['*.events', ['a.events', 'a.b.events'], ['.a.events', 'a/b.events', 'a.event', '']],
  ['a*', ['a', 'ab', 'a.b'], ['b', 'a/b']],
  ['?', ['a', '?'], ['.', '/', 'ab']],
  ['a?c', ['abc', 'a.c'], ['ac', 'a/c']],
  ['**', ['a', 'a/b/c'], ['.a', 'a/.b/c']],
  ['**/*.e', ['x.e', 'a/x.e', 'a/b/x.e'], ['a/.b/x.e', 'a/.e']],
  ['a/**', ['a', 'a/b', 'a/b/c'], ['b', 'ab', 'a/.b']],
  ['a/**/b', ['a/b', 'a/x/b', 'a/x/y/b'], ['ab', 'a/x']],
  ['a/**/*(a|b)', ['a/a', 'a/ab', 'a/x/b'], ['a', 'a/x']],
  ['a**b', ['ab', 'axb'], ['a/b']],
  ['[a-c]x', ['ax', 'bx', 'cx'], ['dx', 'x']],
  ['[^a]x', ['bx'], ['ax', '/x']],
  ['[12]', ['1', '2', '[12]'], ['3', '12']],
  ['[[:digit:][:upper:]_]', ['1', 'A', '_'], ['a']],
  ['[]a]', [']', 'a'], ['b']],
  ['[\\]a\\\\]', [']', 'a', '\\'], ['b']],
  ['{a,b}*.e', ['a1.e', 'b.e'], ['c.e', '{a,b}.e']],
  ['{a/b,c}/x', ['a/b/x', 'c/x'], ['a/x', 'b/x']],
  ['x{,y{1,2}}', ['x', 'xy1', 'xy2'], ['xy', 'x1']],
  ['{1..3}', ['1', '2', '3'], ['0', '4', '{1..3}x']],
  ['{9..11}x', ['9x', '10x', '11x'], ['12x', '1x']],
  ['{a..c}', ['a', 'b', 'c'], ['d']],
  ['{a}', ['{a}'], ['a']],
  ['@(a|b).x', ['a.x', 'b.x'], ['c.x', 'ab.x']],
  ['?(a)b', ['ab', 'b'], ['aab']],
  ['*(ab|c)x', ['x', 'abcx', 'ccx'], ['ax']],
  ['+(ab)x', ['abx', 'ababx'], ['x', 'aabx']],
  ['(a|b)c', ['ac', 'bc'], ['c', 'abc']],
  ['(a*|b)c', ['axc', 'bc'], ['bxc']],
  ['a|b', ['a|b'], ['a', 'b']],
  ['a(b', ['a(b'], ['ab']],
  ['a[b', ['a[b'], ['ab']],
  ['\\*\\?\\[x\\]', ['*?[x]'], ['a?[x]']],
  ['"*"x', ['*x'], ['ax']],
  ['dt=2024-*/x+1.events', ['dt=2024-01/x+1.events'], ['dt=2024-01/x1.events']],
];

describe('createGlobMatcher', () => {
  for (const [glob, yes, no] of cases) {
    it(`matches ${glob}`, () => {
      const isMatch = createGlobMatcher(glob);
      for (const text of yes) expect(isMatch(text), text).to.equal(true);
      for (const text of no) expect(isMatch(text), text).to.equal(false);
    });
  }

  it('agrees with picomatch on names and paths', () => {
    const atom = fc.constantFrom(
      ...['a', 'b', '-', '_', '1', '*', '?', '[ab]', '[^a]', '{a,b}', '{a,b1}', 'b.1'],
    );
    // After a group, picomatch takes a question mark for a quantifier.
    const group = fc.constantFrom('', '', '@(a|b1)', '+(a|b1)', '(a|b)');
    const segment = fc
      .tuple(fc.array(atom, { minLength: 1, maxLength: 5 }), group)
      .map(([atoms, last]) => atoms.join('') + last);
    const glob = fc
      .array(fc.oneof(segment, fc.constant('**')), { minLength: 1, maxLength: 3 })
      .map((segments) => segments.join('/'))
      // Two stars within a longer segment: picomatch lets them cross slashes in some places only.
      .filter((text) => !/\*\*[^/]|[^/]\*\*/.test(text))
      // For picomatch, `a` is in `a/**/` if the name below it may be empty.
      .filter((text) => !/\*\*\/[*?]\(a\|b\)$/.test(text));
    const name = fc
      .array(fc.constantFrom('a', 'b', '-', '_', '1', '.'), { minLength: 1, maxLength: 6 })
      .map((units) => units.join(''));
    const path = fc.array(name, { minLength: 1, maxLength: 3 }).map((names) => names.join('/'));
    fc.assert(
      fc.property(glob, fc.array(path, { minLength: 20, maxLength: 20 }), (pattern, paths) => {
        const isExpected = picomatch(pattern, { nonegate: true });
        const isMatch = createGlobMatcher(pattern);
        for (const text of paths) {
          expect(isMatch(text), `${pattern} on ${text}`).to.equal(isExpected(text));
        }
      }),
      { numRuns: 500 },
    );
  });

  it('matches an escaped text, and nothing else', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.string({ minLength: 1 }), (text, other) => {
        const isMatch = createGlobMatcher(escapeGlob(text));
        expect(isMatch(text)).to.equal(true);
        expect(isMatch(other)).to.equal(other === text);
      }),
    );
  });

  /** Without a cost that is linear, the run would end by mocha's timeout: it would take years. */
  it('takes time linear in a hostile name', () => {
    const { pattern } = new ArchiveTemplate(DEFAULT_TEMPLATE);
    const globs = [pattern, '*a*a*a*a*a*a*a*a*a*b', '+(a|aa|*)+(a|*a)b', '**/**/**/*a*a*/**/b'];
    for (const glob of globs) {
      const isMatch = createGlobMatcher(glob);
      const names = [
        `events_${'-T-_'.repeat(40_000)}x.open`,
        'a'.repeat(160_000),
        'a/'.repeat(80_000),
      ];
      for (const name of names) expect(isMatch(name)).to.equal(false);
    }
  });

  it('forgets what it has worked out when a name needs too much of it', () => {
    const isMatch = createGlobMatcher(`*${'[ab]'.repeat(14)}c`);
    let seed = 1;
    const text = Array.from({ length: 50_000 }, () => {
      seed = (seed * 48_271) % 0x7fffffff;
      return seed % 2 === 0 ? 'a' : 'b';
    }).join('');
    expect(isMatch(text)).to.equal(false);
    expect(isMatch(`${text}c`)).to.equal(true);
  });

  it('refuses what cannot be matched in linear time, and what is too large', () => {
    for (const [glob, problem] of [
      ['!(a)', '!(…)'],
      ['(?:a)', '(?…)'],
      ['{1..1000000}', 'a range of 1000000'],
      [`${'('.repeat(40)}a${')'.repeat(40)}`, 'nested deeper than 32'],
      ['{1..1000}'.repeat(30), 'too long'],
    ] as const) {
      expect(() => createGlobMatcher(glob), glob).to.throw(TypeError, problem);
    }
  });
});
