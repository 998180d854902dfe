import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { createArchiveReader, verifyArchives } from '../../lib/index.js';
import { withCompiledChildren } from '../compile.js';
import { isInSource } from './source.js';

/** How many records a child archives again, as a source that has lost its position sends them. */
const REPEATED = 150;

/** The most records that a child archives before it is killed. */
const MOST_RECORDS = 1000;

/**
 * Kills processes that archive one source in turn from two directories into one store, each from
 * before the last synced record on. Checks that a reader of all archives emits each record once,
 * and reports no gap.
 */
export async function tortureGiven(kills: number): Promise<boolean> {
  const work = await mkdtemp(join(tmpdir(), 'shoebox-given-'));
  const [store, ...spools] = ['store', 'a', 'b'].map((name) => join(work, name));
  for (const directory of [store, ...spools]) await mkdir(String(directory));
  let synced = 0;
  await withCompiledChildren(async (compiled) => {
    for (let kill = 0; kill < kills; kill++) {
      const from = String(Math.max(0, synced - REPEATED));
      const args = [String(spools[kill % spools.length]), String(store), from];
      const child = fork(join(compiled, 'torture/given/child.js'), args);
      const last = synced + Math.random() * MOST_RECORDS;
      child.on('message', (number) => {
        synced = Math.max(synced, Number(number));
        if (synced > last) child.kill('SIGKILL');
      });
      await once(child, 'exit');
    }
  });
  const isGood = await isComplete(
    [`${store}/**/*`, ...spools.map((spool) => `${spool}/*.events*`)],
    synced,
  );
  if (isGood) await rm(work, { recursive: true });
  else console.log(`kept in ${work}`);
  return isGood;
}

async function isComplete(patterns: string[], synced: number): Promise<boolean> {
  const problems: unknown[] = [];
  const reader = createArchiveReader(patterns, { order: 'time', allowEmpty: true });
  reader.on('gap', (gap) => problems.push({ gap }));
  const seen = new Set<number>();
  for await (const { payload, sequence = -1 } of reader) {
    if (seen.has(sequence)) problems.push({ repeated: sequence });
    if (payload.toString() !== `record ${sequence}`) problems.push({ altered: sequence });
    seen.add(sequence);
  }
  for (let number = 0; number <= synced; number++) {
    if (isInSource(number) && !seen.has(number)) problems.push({ missing: number });
  }
  const report = await verifyArchives(patterns);
  // A kill leaves an archive open. Anything else is a fault.
  problems.push(...report.problems.filter(({ kind }) => kind !== 'unfinished'));
  console.log(`${seen.size} records, ${synced} synced; ${problems.length} problems`);
  for (const problem of problems.slice(0, 10)) console.log(problem);
  return problems.length === 0;
}
