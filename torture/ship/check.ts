import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';

import { Decoder, type Store } from 'shoebox-archive';

import { makeShipRecord } from './record.js';

/** The result of a torture run with shipping. All counts but the first two must be 0. */
export interface ShipFindings {
  records: number;
  objects: number;
  /** Records that are in the store twice, even if a reader would emit them once. */
  repeated: number;
  altered: number;
  /** Sequences that are missing before a writer's last one. */
  missing: number;
  /** Unfinished uploads. */
  orphans: number;
  /** Files in the spool that no writer will process. */
  left: number;
}

/** Reads every object of the store by itself, and counts its records. */
export async function checkStore(store: Store, spool: string): Promise<ShipFindings> {
  const found = {
    ...{ records: 0, objects: 0, repeated: 0, altered: 0, missing: 0 },
    ...{ orphans: 0, left: 0 },
  };
  const seen = new Map<string, Set<number>>();
  for await (const { key } of store.list()) {
    found.objects++;
    const [, writer = ''] = /_([0-9a-f]{16})-/.exec(key) ?? [];
    const sequences = seen.get(writer) ?? new Set();
    seen.set(writer, sequences);
    for await (const record of pipeline(
      await store.get(key),
      createGunzip(),
      new Decoder(),
      printError,
    )) {
      const { metadata, payload, sequence = -1 } = record;
      found.records++;
      if (sequences.has(sequence)) found.repeated++;
      sequences.add(sequence);
      const expected = makeShipRecord(Number(metadata.run), Number(metadata.n));
      if (!expected.equals(payload) || Number(metadata.n) !== sequence) found.altered++;
    }
  }
  for (const sequences of seen.values()) {
    found.missing += Math.max(-1, ...sequences) + 1 - sequences.size;
  }
  // A directory store's empty probe file for hard links is not listed as an upload.
  for await (const _ of store.listUploads?.('torture_') ?? []) found.orphans++;
  found.left = (await readdir(spool)).filter((name) => !name.includes('.torn-')).length;
  return found;
}

/** Prints an error. The reader of the last stream gets it as well. */
function printError(error: Error | null | undefined): void {
  if (error) console.error(error);
}

/** Counts sealed archives that are neither in the spool nor in the store. */
export async function countLost(notes: string, spool: string, store: Store): Promise<number> {
  // A kill may cut the last line off.
  const names = (await readFile(notes, 'utf8')).split('\n').slice(0, -1);
  let lost = 0;
  for (const name of names) {
    if (existsSync(join(spool, name))) continue;
    if ((await store.head(`${name}.gz`)) === null) lost++;
  }
  return lost;
}
