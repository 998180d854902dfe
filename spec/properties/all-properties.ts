import { anyBytesAreRead } from './any-bytes.js';
import { anyExtraIsRead } from './any-extra.js';
import { scannerAgreesWithParse } from './any-json.js';
import { flipCostsOneBlock, mutationNeverAlters } from './any-mutation.js';
import { anyZstdIsRead } from './any-zstd.js';
import type { NamedProperty } from './named-property.js';
import { hugeRoundTrip, linesRoundTrip, roundTrip } from './round-trip.js';

export const allProperties: readonly NamedProperty[] = [
  roundTrip,
  hugeRoundTrip,
  linesRoundTrip,
  anyBytesAreRead,
  mutationNeverAlters,
  flipCostsOneBlock,
  anyExtraIsRead,
  anyZstdIsRead,
  scannerAgreesWithParse,
];
