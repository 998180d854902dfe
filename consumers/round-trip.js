import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import {
  createArchiveReader,
  createArchiveWriter,
  rollByCount,
  verifyArchives,
} from 'shoebox-archive';

/** Writes, waits for receipts, rolls, ships to a directory, and reads back; fails if anything is wrong. */
export async function roundTrip() {
  const root = await mkdtemp(join(tmpdir(), 'shoebox-consumer-'));
  try {
    const directory = join(root, 'spool');
    const store = join(root, 'store');
    for (const made of [directory, store]) await mkdir(made);
    const writer = createArchiveWriter({
      directory,
      template: 'events_[[WRITER]]-[[SEQUENCE]].events',
      roll: rollByCount(10),
      ship: { to: store },
    });
    for (let i = 0; i < 25; i++) {
      const receipt = await writer.append({ payload: { i }, metadata: { kind: 'test' } });
      if (i % 5 === 0) await receipt.synced;
    }
    await writer.append(Buffer.from('{"i":25}'));
    await writer.append(new TextEncoder().encode('{"i":26}'));
    for (const payload of [new Map([['a', 1]]), new Set([1]), new Error('lost')]) {
      await refused(() => writer.append({ payload }), 'ERR_INVALID_RECORD');
    }
    await writer.close();
    if ((await readdir(directory)).length > 0) throw new Error('archives are left in the spool');
    const read = [];
    for await (const record of createArchiveReader(join(store, '*'))) read.push(record.json().i);
    const expected = Array.from({ length: 27 }, (_, i) => i);
    if (String(read) !== String(expected)) throw new Error(`read ${read}, expected ${expected}`);
    const report = await verifyArchives(join(store, '*'));
    if (report.problems.length > 0) throw new Error(JSON.stringify(report.problems));
    await refused(async () => {
      for await (const _ of createArchiveReader(join(root, 'none', '*')))
        throw new Error('a record');
    }, 'ERR_NO_ARCHIVES');
    return read.length;
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

async function refused(act, code) {
  try {
    await act();
  } catch (error) {
    if (error.code === code) return;
    throw error;
  }
  throw new Error(`expected ${code}`);
}
