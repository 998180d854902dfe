import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';

import { createArchiveReader, verifyArchives } from '../../lib/index.js';
import { withCompiledChildren } from '../compile.js';
import { readNotes } from '../notes.js';
import { isUnaltered, type TortureRecord } from '../record.js';

/** The longest time that a child lives after it has begun to write. */
const LONGEST_LIFE_MS = 1500;

/** One in this many starts is of two children that share the spool. */
const STARTS_PER_PAIR = 4;

/**
 * Kills writers of many partitions that share one spool and one store. Checks that every record is
 * read once whose receipt said `synced`, from the partition that it belongs to, that the records of a
 * partition are in order, and that nothing is left in the spool.
 */
export async function torturePartitions(kills: number, partitions: number): Promise<boolean> {
  const work = await mkdtemp(join(tmpdir(), 'shoebox-partitions-'));
  const [spool, store] = [join(work, 'spool'), join(work, 'store')];
  await mkdir(spool);
  const notes: string[] = [];
  const live = async (child: string) => {
    const run = notes.length;
    const path = join(work, `notes-${run}`);
    notes.push(path);
    await writeFile(path, '');
    const writing = fork(child, [spool, store, path, String(run), String(partitions)]);
    const exit = once(writing, 'exit');
    await Promise.race([once(writing, 'message'), exit]);
    await setTimeout(Math.random() * LONGEST_LIFE_MS);
    writing.kill('SIGKILL');
    const [status, signal] = await exit;
    if (signal !== 'SIGKILL') throw new Error(`run ${run} ended by itself: ${status ?? signal}`);
  };
  const code = await withCompiledChildren(async (compiled) => {
    const child = join(compiled, 'torture/partitions/child.js');
    for (let start = 0; notes.length < kills; start++) {
      const isPair = start % STARTS_PER_PAIR === 0 && notes.length + 1 < kills;
      await Promise.all(isPair ? [live(child), live(child)] : [live(child)]);
      // So that the next children recover at once and are killed while they do.
      if (start % STARTS_PER_PAIR !== 1) await giveUpLeases(spool);
    }
    const finish = fork(join(compiled, 'torture/partitions/finish.js'), [spool, store]);
    const [status] = await once(finish, 'exit');
    return status;
  });
  const left = (await filesIn(spool)).filter((path) => !path.includes('.torn-'));
  const found = await check([`${store}/**`, `${spool}/**`], notes);
  const { partitions: seen, records, synced, ...faults } = found;
  console.table({
    kills,
    partitions: seen,
    records,
    synced,
    ...faults,
    'left in the spool': left.length,
  });
  const isGood =
    code === 0 && left.length === 0 && synced > 0 && Object.values(faults).every((n) => n === 0);
  if (isGood) await rm(work, { recursive: true });
  else console.log(`kept in ${work}`);
  return isGood;
}

async function check(patterns: readonly string[], notes: readonly string[]) {
  const found = {
    ...{ partitions: 0, records: 0, synced: 0, lost: 0, repeated: 0, altered: 0 },
    ...{ misplaced: 0, disordered: 0, invented: 0, broken: 0 },
  };
  const seen = notes.map(() => new Set<number>());
  const last = new Map<string, number>();
  for await (const record of createArchiveReader(patterns, { allowEmpty: true })) {
    // A child made it; `isUnaltered` compares every field.
    const written = record.json() as TortureRecord;
    const { n, run } = written;
    found.records++;
    if (!isUnaltered(written)) found.altered++;
    const { part = '' } = record.metadata;
    if (!record.archive?.includes(`/part=${part}/`)) found.misplaced++;
    const ofRun = seen[run];
    if (ofRun === undefined) found.invented++;
    if (ofRun?.has(n)) found.repeated++;
    ofRun?.add(n);
    const partition = `${run} ${part}`;
    if (n < (last.get(partition) ?? n)) found.disordered++;
    last.set(partition, n);
  }
  found.partitions = new Set([...last.keys()].map((key) => key.split(' ')[1])).size;
  for (const [run, path] of notes.entries()) {
    const { begun, synced } = await readNotes(path);
    const there = seen[run] ?? new Set();
    found.synced += synced.length;
    found.lost += synced.filter((n) => !there.has(n)).length;
    found.invented += [...there].filter((n) => n >= begun).length;
  }
  const { problems } = await verifyArchives(patterns, { full: true });
  const broken = problems.filter(({ kind }) => kind !== 'unfinished');
  for (const { kind, message } of broken) console.log(`${kind}: ${message}`);
  found.broken = broken.length;
  return found;
}

async function filesIn(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map(({ name, parentPath }) => join(parentPath, name));
}

async function giveUpLeases(spool: string): Promise<void> {
  for (const path of await filesIn(spool)) if (path.endsWith('.lock')) await unlink(path);
}
