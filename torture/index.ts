// Kills a writer again and again at random instants, and checks that no record is lost of which a receipt
// had said that it is synced. Usage: npm run torture -- --kills 1000
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { check } from './check.js';

const SYNC_MODES = ['no', 'everysec', 'always'];

/** A child lives up to this long once it writes. */
const LONGEST_LIFE_MS = 120;

const { values: options } = parseArgs({ options: { kills: { type: 'string', default: '1000' } } });
const kills = Number(options.kills);
const work = await mkdtemp(join(tmpdir(), 'shoebox-torture-'));
const spool = join(work, 'spool');
const store = join(work, 'store');
const notes = new Map<number, string>();
await mkdir(spool);

for (let run = 0; run < kills; run++) {
  const path = join(work, `synced-${run}`);
  await writeFile(path, '');
  notes.set(run, path);
  const sync = SYNC_MODES[run % SYNC_MODES.length] ?? 'always';
  const child = fork(pathOf('./child.ts'), [spool, store, path, String(run), sync]);
  const exit = once(child, 'exit');
  await Promise.race([once(child, 'message'), exit]);
  await setTimeout(Math.random() * LONGEST_LIFE_MS);
  child.kill('SIGKILL');
  const [code, signal] = await exit;
  if (signal !== 'SIGKILL') throw new Error(`run ${run} ended by itself, with ${code ?? signal}`);
  if (run % 100 === 99) console.log(`${run + 1} kills`);
}

// As if the last of them had died long ago: leases are given up after 10 s.
for (const name of await readdir(spool)) {
  if (name.endsWith('.lock')) await utimes(join(spool, name), 0, 0);
}
const [code] = await once(fork(pathOf('./finish.ts'), [spool, store]), 'exit');
const left = (await readdir(spool)).filter((name) => !name.includes('.torn-'));
const found = await check([store, spool], notes);
console.table({ kills, ...found, 'left in the spool': left.length });

const faults = found.lost + found.repeated + found.altered + found.disordered + left.length;
if (code !== 0 || faults > 0 || found.synced === 0) {
  console.log(`kept in ${work}`);
  process.exitCode = 1;
} else {
  await rm(work, { recursive: true });
}

function pathOf(file: string): string {
  return fileURLToPath(new URL(file, import.meta.url));
}
