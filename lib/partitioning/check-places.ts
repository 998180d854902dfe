import { relative, resolve, sep } from 'node:path';

import { quote } from '../errors/show.js';
import type { ShippingPlan } from '../shipping/shipping-plan.js';
import { DirectoryStore } from '../stores/directory/directory-store.js';
import type { RollingWriteSettings } from '../writing/rolling-write-options.js';

/**
 * Refuses places below the directory of all partitions: a folder there may look like a partition, whose
 * archives would be shipped again and deleted.
 *
 * @throws RangeError
 */
export function checkPartitionPlaces(
  { directory, handlers, template }: RollingWriteSettings,
  plan: ShippingPlan | undefined,
): void {
  const places = new Map<string, string>();
  if (plan?.store instanceof DirectoryStore && !plan.isInPlace) {
    places.set('ship.to', plan.store.name);
  }
  const localFile = plan?.settings.localFile;
  if (typeof localFile === 'object') places.set('ship.localFile.moveTo', localFile.moveTo);
  for (const [at, handler] of handlers.entries()) {
    const from = { directory, names: template.pattern };
    const to = handler.locate?.(from).directory;
    if (to !== undefined && to !== directory) places.set(`the place of handlers[${at}]`, to);
  }
  for (const [name, path] of places) {
    if (isWithin(path, directory)) {
      const folder = 'the directory of the partitions, or a folder in it';
      throw new RangeError(`${name} is ${quote(path)}, expected another place than ${folder}`);
    }
  }
}

function isWithin(path: string, directory: string): boolean {
  const way = relative(resolve(directory), resolve(path));
  return way !== '..' && !way.startsWith(`..${sep}`);
}
