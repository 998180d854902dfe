import fc from 'fast-check';

import { allProperties } from './all-properties.js';

describe('Properties', () => {
  for (const { name, property } of allProperties) {
    it(name, () => {
      fc.assert(property, { numRuns: 200 });
    });
  }
});
