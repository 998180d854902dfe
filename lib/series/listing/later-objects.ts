import { type CutPath, compareNamesOnly, cutPath } from '../names/compare-names.js';
import type { FoundArchive } from '../opening/found-archive.js';

/** A writer's id, which names may hold among other digits. */
const WRITER_DIGITS = 16;
const HEX_RUN = /[0-9a-f]{16,}/g;

interface NamedObject {
  readonly object: FoundArchive;
  readonly path: CutPath;
}

/** Some objects in the order of the series, and the greatest of their names. */
interface NamedObjects {
  readonly list: NamedObject[];
  greatest: CutPath;
  /** Whether the order is that of the names, as it is unless folders say otherwise. */
  isByName: boolean;
}

/**
 * Finds the objects whose names come after that of an archive. A spool and a store may both have
 * tens of thousands of archives, so objects are looked up by the writer's id in their names, and by
 * name; usually none comes after a local archive.
 */
export class LaterObjects {
  readonly #all: NamedObjects | undefined;
  readonly #byWriter = new Map<string, NamedObjects>();

  /** @param objects in the order of the series; those that are local are left out */
  constructor(objects: readonly FoundArchive[]) {
    for (const object of objects) {
      if (!object.isStored) continue;
      const named = { object, path: cutPath(object.path) };
      this.#all = append(this.#all, named);
      for (const writer of writersIn(named.path.name)) {
        this.#byWriter.set(writer, append(this.#byWriter.get(writer), named));
      }
    }
  }

  /** Those after an archive of `writer`, in the order of the series. */
  *after({ path }: FoundArchive, writer: string): Generator<FoundArchive> {
    const own = cutPath(path);
    const objects = own.name.includes(writer) ? this.#byWriter.get(writer) : this.#all;
    if (objects === undefined || compareNamesOnly(objects.greatest, own) <= 0) return;
    const { isByName, list } = objects;
    for (let i = isByName ? firstAfter(list, own) : 0; i < list.length; i++) {
      const named = list[i];
      if (named !== undefined && (isByName || compareNamesOnly(named.path, own) > 0)) {
        yield named.object;
      }
    }
  }
}

function append(objects: NamedObjects | undefined, named: NamedObject): NamedObjects {
  if (objects === undefined) return { list: [named], greatest: named.path, isByName: true };
  objects.list.push(named);
  if (compareNamesOnly(named.path, objects.greatest) >= 0) objects.greatest = named.path;
  else objects.isByName = false;
  return objects;
}

/** Every run of 16 hex digits in a name: each may be the id of a writer. */
function writersIn(name: string): Set<string> {
  const writers = new Set<string>();
  for (const [run] of name.matchAll(HEX_RUN)) {
    for (let i = 0; i + WRITER_DIGITS <= run.length; i++) {
      writers.add(run.slice(i, i + WRITER_DIGITS));
    }
  }
  return writers;
}

/** Where the names after `own` begin. */
function firstAfter(list: readonly NamedObject[], own: CutPath): number {
  let [low, high] = [0, list.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    const named = list[middle];
    if (named !== undefined && compareNamesOnly(named.path, own) <= 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
