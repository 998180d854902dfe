import { expect } from 'chai';

import { parseTemplate } from '../../../lib/series/names/template-parts.js';
import { patternOf } from '../../../lib/series/names/template-pattern.js';

describe('patternOf', () => {
  it('merges neighbouring stars', () => {
    expect(patternOf(parseTemplate('[[HOST]]%Y[[PID]].events'))).to.equal('*.events');
  });

  it('takes %% for a percent sign', () => {
    expect(patternOf(parseTemplate('%%Y.events'))).to.equal('%Y*.events');
  });
});
