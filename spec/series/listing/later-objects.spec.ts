import { expect } from 'chai';
import fc from 'fast-check';

import { LaterObjects } from '../../../lib/series/listing/later-objects.js';
import { compareNamesOnly, cutPath } from '../../../lib/series/names/compare-names.js';
import type { FoundArchive } from '../../../lib/series/opening/found-archive.js';

const WRITERS = ['0123456789abcdef', 'fedcba9876543210'];

// Nothing else of an archive is looked at.
const found = (path: string, isStored = true) => ({ path, isStored }) as FoundArchive;

const anyName = fc
  .tuple(
    fc.constantFrom('', '1/', '2/'),
    fc.nat(20),
    fc.constantFrom(...WRITERS, '', 'a'.repeat(20)),
  )
  .map(([folder, number, writer]) => `${folder}x_${number}_${writer}.events`);

describe('LaterObjects', () => {
  it('gives the stored ones with later names, of the writer if names have its id', () => {
    const anyObjects = fc.array(fc.tuple(anyName, fc.boolean()), { maxLength: 30 });
    const anySorted = fc.tuple(anyObjects, fc.boolean());
    fc.assert(
      fc.property(
        anySorted,
        anyName,
        fc.constantFrom(...WRITERS),
        ([names, isSorted], own, writer) => {
          const objects = names.map(([path, isStored]) => found(path, isStored));
          if (isSorted) objects.sort((a, b) => compareNamesOnly(cutPath(a.path), cutPath(b.path)));
          const expected = objects.filter(
            ({ isStored, path }) =>
              isStored &&
              compareNamesOnly(cutPath(path), cutPath(own)) > 0 &&
              (!own.includes(writer) || path.includes(writer)),
          );
          expect([...new LaterObjects(objects).after(found(own), writer)]).to.deep.equal(expected);
        },
      ),
    );
  });
});
