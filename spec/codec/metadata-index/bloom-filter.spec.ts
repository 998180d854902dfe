import { expect } from 'chai';

import {
  addToFilter,
  filterBytes,
  mayHold,
} from '../../../lib/codec/metadata-index/bloom-filter.js';
import { hashValue } from '../../../lib/codec/metadata-index/value-hash.js';

function hashOf(text: string) {
  const bytes = Buffer.from(text);
  const hash = { first: 0, second: 0 };
  hashValue(bytes, 0, bytes.length, hash);
  return hash;
}

function filterOf(values: readonly string[]): Buffer {
  const filter = Buffer.alloc(filterBytes(values.length));
  for (const { first, second } of values.map(hashOf)) addToFilter(filter, first, second);
  return filter;
}

describe('A Bloom filter', () => {
  it('holds every value that was added', () => {
    for (const count of [1, 2, 9, 100, 3000]) {
      const values = Array.from({ length: count }, (_, i) => `user-${i}`);
      const filter = filterOf(values);
      expect(values.every((value) => mayHold(filter, hashOf(value)))).to.equal(true);
    }
  });

  it('errs at most once in 1,000 runs, however many values it holds', () => {
    const absent = Array.from({ length: 100 }, (_, i) => hashOf(`absent-${i}`));
    for (const count of [1, 3, 8, 9, 20, 65, 200, 1300]) {
      let [errors, tries] = [0, 0];
      // As many runs as give a figure: for each run other values.
      for (let run = 0; run < 30_000 / (count + 50); run++) {
        const filter = filterOf(Array.from({ length: count }, (_, i) => `${run}/${i}`));
        errors += absent.filter((hash) => mayHold(filter, hash)).length;
        tries += absent.length;
      }
      expect(errors / tries, `${errors} of ${tries} with ${count}`).to.be.lessThan(1 / 1000);
    }
  });
});
