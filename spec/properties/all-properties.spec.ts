import fc from 'fast-check';

import { allProperties } from './all-properties.js';

describe('Properties', () => {
  for (const { name, property } of allProperties) {
    it(name, () => {
      // A sample: `npm run fuzz` tries the same properties with many more inputs.
      fc.assert(property, { numRuns: 100 });
    });
  }
});
