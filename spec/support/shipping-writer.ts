import { once } from 'node:events';
import { readdirSync } from 'node:fs';

import {
  type ArchiveWriter,
  type ArchiveWriterOptions,
  createArchiveWriter,
} from '../../lib/index.js';
import type { Store } from '../../lib/stores/contract/store.js';
import type { ArchiveFailure } from '../../lib/writing/handlers/archive-failure.js';
import type { ShippedArchive } from '../../lib/writing/handlers/archive-shipper.js';
import { rollByCount } from '../../lib/writing/policies/roll-policies.js';
import { FakeClock } from './fake-clock.js';
import { diskIdle } from './pass-time.js';

/** A template for names that sort, and that are the same in each run. */
export const TEMPLATE = 'x_[[SEQUENCE]].events';

export interface ShippingWriter {
  readonly writer: ArchiveWriter;
  readonly clock: FakeClock;
  readonly shipped: ShippedArchive[];
  readonly failed: ArchiveFailure[];
}

/** A writer that seals each record as an archive of its own. Its clock stands still. */
export function createShippingWriter(
  directory: string,
  to: string | Store,
  options: Partial<ArchiveWriterOptions> = {},
): ShippingWriter {
  const clock = new FakeClock();
  const { ship, ...rest } = options;
  const writer = createArchiveWriter({
    directory,
    template: TEMPLATE,
    roll: rollByCount(1),
    clock,
    ...rest,
    ship: { to, ...ship },
  });
  const shipped: ShippedArchive[] = [];
  const failed: ArchiveFailure[] = [];
  writer.on('shipped', (archive) => shipped.push(archive));
  writer.on('failed', (failure) => failed.push(failure));
  return { writer, clock, shipped, failed };
}

/** The sorted names of the archives in a directory, without journals and leases. */
export function archivesIn(directory: string): string[] {
  return readdirSync(directory)
    .filter((name) => !name.endsWith('.journal'))
    .sort();
}

/** Resolves when the listeners of an event have added `count` items to a list. */
export async function reach(
  list: readonly unknown[],
  count: number,
  writer: ArchiveWriter,
  event: 'shipped' | 'failed',
): Promise<void> {
  while (list.length < count) await once(writer, event);
}

/**
 * Lets everything in progress in memory or on the disk continue for many turns of the event loop.
 */
export async function turns(count = 100): Promise<void> {
  for (let i = 0; i < count; i++) await diskIdle();
}
