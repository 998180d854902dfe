import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';

import { Decoder, type Store } from 'shoebox-archive';

import { makeShipRecord } from './record.js';

/** What a torture of shipping came to. All but the first two must be 0. */
export interface ShipFindings {
  records: number;
  objects: number;
  /** Records that are in the store twice, whatever a reader makes of that. */
  repeated: number;
  altered: number;
  /** Sequences of a writer that are missing before its last. */
  missing: number;
  /** Unfinished uploads. */
  orphans: number;
  /** Files in the spool that nobody will make anything of. */
  left: number;
}

/** Reads every object of the store as it is, one by one, and counts. */
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
      tell,
    )) {
      const { metadata, payload, sequence } = record;
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
  // (A directory's probe for hard links, an empty file, is none.)
  for await (const _ of store.listUploads?.('torture_') ?? []) found.orphans++;
  found.left = (await readdir(spool)).filter((name) => !name.includes('.torn-')).length;
  return found;
}

/** The last stream has it, too, and its reader. */
function tell(error: Error | null | undefined): void {
  if (error) console.error(error);
}

/** How many archives that were sealed are neither in the spool nor in the store. */
export async function countLost(notes: string, spool: string, store: Store): Promise<number> {
  // The last line may be cut off by the kill.
  const names = (await readFile(notes, 'utf8')).split('\n').slice(0, -1);
  let lost = 0;
  for (const name of names) {
    if (existsSync(join(spool, name))) continue;
    if ((await store.head(`${name}.gz`)) === null) lost++;
  }
  return lost;
}
