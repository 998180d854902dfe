import { anyBytesAreRead } from './any-bytes.js';
import { flipCostsOneBlock, mutationNeverAlters } from './any-mutation.js';
import type { NamedProperty } from './named-property.js';
import { roundTrip } from './round-trip.js';

export const allProperties: readonly NamedProperty[] = [
  roundTrip,
  anyBytesAreRead,
  mutationNeverAlters,
  flipCostsOneBlock,
];
