import { expect } from 'chai';
import fc from 'fast-check';
import picomatch from 'picomatch';

import { escapeGlob } from '../../../lib/series/names/glob.js';

describe('escapeGlob', () => {
  it('returns a pattern that matches the text and, except for backslashes, nothing else', () => {
    fc.assert(
      fc.property(names, names, (name, other) => {
        const matches = picomatch(escapeGlob(name));
        expect(matches(name), `${escapeGlob(name)} matches ${name}`).to.equal(true);
        // picomatch first compares the text with the pattern itself, which therefore matches as
        // well.
        if (!(name + other).includes('\\')) expect(matches(other)).to.equal(other === name);
      }),
      { numRuns: 2000 },
    );
  });
});

const names = fc
  .string({
    unit: fc.constantFrom(...'*?!+@(){}[]|^$,"\'&~<>=;#\\.-_ aA0é🗄'),
    minLength: 1,
    maxLength: 6,
  })
  .map((text) => `x${text}`);
