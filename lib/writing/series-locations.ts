import { join } from 'node:path';

import type { SeriesPattern } from '../series/listing/series-patterns.js';
import { escapeGlob } from '../series/names/glob.js';
import type { ArchiveHandler, ArchiveLocation } from './handlers/archive-handler.js';

/** The glob of the archives at a location. */
export function patternAt({ directory, names }: ArchiveLocation): string {
  return join(escapeGlob(directory), names);
}

/**
 * All patterns under which a writer's archives may be: where they are written, where each handler
 * leaves them, and where the shipper does. A handler that fails leaves an archive where it was, and
 * the next handlers still run.
 *
 * @param shipped the patterns of the shipper
 */
export function patternsOfSeries(
  written: ArchiveLocation,
  handlers: readonly ArchiveHandler[],
  shipped: readonly SeriesPattern[] = [],
): readonly SeriesPattern[] {
  let locations: readonly ArchiveLocation[] = [written];
  for (const handler of handlers) {
    if (handler.locate === undefined) continue;
    const moved = locations.map((location) => handler.locate?.(location) ?? location);
    locations = distinct([...locations, ...moved]);
  }
  return [...locations.map(patternAt), ...shipped];
}

function distinct(locations: readonly ArchiveLocation[]): readonly ArchiveLocation[] {
  return [...new Map(locations.map((location) => [patternAt(location), location])).values()];
}
