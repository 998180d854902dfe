import { join } from 'node:path';

import type { SeriesPattern } from '../series/listing/series-patterns.js';
import { escapeGlob } from '../series/names/glob.js';
import { shippedPatterns } from '../shipping/shipped-patterns.js';
import { patternAt, patternsOfSeries } from '../writing/series-locations.js';
import type { PartitionedWriterSettings } from './partitioned-writer-options.js';

/** The glob of all partitions' archives, and all other patterns under which these may be. */
export function partitionPatterns({
  partition,
  plan,
  writer,
}: PartitionedWriterSettings): readonly [string, ...SeriesPattern[]] {
  const { directory, handlers, template } = writer;
  const names = template.pattern;
  const own = patternAt({ directory, names: `${partition.pattern}/${names}` });
  // Where handlers leave archives, there are no partitions.
  const [, ...handled] = patternsOfSeries({ directory, names }, handlers);
  if (plan === undefined || plan.isInPlace) return [own, ...handled];
  const { key, localFile } = plan.settings;
  const inFolders = {
    patternOf: (pattern: string) => `${partition.pattern}/${key.patternOf(pattern)}`,
  };
  const [stored] = shippedPatterns({ ...plan, key: inFolders, localFile: 'keep', pattern: names });
  const moved =
    typeof localFile === 'object'
      ? [join(escapeGlob(localFile.moveTo), partition.pattern, names)]
      : [];
  return [own, ...handled, ...(stored === undefined ? [] : [stored]), ...moved];
}
