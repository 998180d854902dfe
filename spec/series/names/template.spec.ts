import { expect } from 'chai';

import { TemplateError } from '../../../lib/errors/template-error.js';
import { joinPatterns, Template } from '../../../lib/series/names/template.js';

const NOON_MICROS = Date.UTC(2026, 10, 30, 12) * 1000;

describe('Template', () => {
  const create = (text: string, slashes: 'keep' | 'flatten') =>
    new Template(text, ['A', 'B'], { slashes });

  it('expands directives and tokens', () => {
    const template = create('%Y-[[A]]_[[B]]%d', 'keep');
    expect(template.expand(NOON_MICROS, (token) => token.toLowerCase())).to.equal('2026-a_b30');
  });

  it('keeps its own slashes or flattens them, and always flattens those of a directive', () => {
    const expand = (slashes: 'keep' | 'flatten') =>
      create('x/%D %H:%M', slashes).expand(NOON_MICROS, () => '');
    expect(expand('keep')).to.equal('x/11_30_26_12_00');
    expect(expand('flatten')).to.equal('x_11_30_26_12_00');
  });

  it('knows which tokens it has', () => {
    const template = create('A[[B]]', 'keep');
    expect(template.has('A')).to.equal(false);
    expect(template.has('B')).to.equal(true);
  });

  it('has a pattern for each text, directive and token', () => {
    const patterns = create('x/*%%%Y[[A]][[B]]', 'keep').patterns((token) => `<${token}>`);
    expect(patterns).to.deep.equal(['x/\\*', '%', '*', '<A>', '<B>']);
  });

  it('refuses unknown tokens and brackets around none, and names them', () => {
    expect(() => create('[[C]]', 'keep')).to.throw(
      TemplateError,
      'has the token [[C]], expected one of A, B',
    );
    expect(() => create('[[A]]x]]', 'keep')).to.throw(
      TemplateError,
      'has double brackets around no token in "x]]"',
    );
  });
});

describe('joinPatterns', () => {
  it('merges neighbouring stars, which would match slashes, but no escaped ones', () => {
    expect(joinPatterns(['a', '*', '*', 'b*', '*'])).to.equal('a*b*');
    expect(joinPatterns(['\\*', '*', '*'])).to.equal('\\**');
  });
});
