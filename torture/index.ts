// Kills writers at random moments, alone and two at a time. Checks that every record is there whose
// receipt said `synced`, and that no record is there that was never appended.
//
//   npm run torture -- --kills 1000
//   npm run torture -- --ship --kills 200     kills writers while they ship
//   npm run torture -- --power-cuts 1000      lets the power fail on a simulated disk; --seed repeats a run
import { execFile, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';

import { check } from './check.js';
import { torturePower } from './power/run.js';
import { tortureShipping } from './ship/run.js';

const SYNC_MODES = ['no', 'everysec', 'always'];

/** The longest time that a child lives after it has begun to write. */
const LONGEST_LIFE_MS = 120;

/** One in this many starts is of two children that share the spool. */
const STARTS_PER_PAIR = 4;

const { values: options } = parseArgs({
  options: {
    kills: { type: 'string', default: '1000' },
    ship: { type: 'boolean', default: false },
    'power-cuts': { type: 'string' },
    seed: { type: 'string' },
  },
});
const kills = Number(options.kills);
if (options['power-cuts'] !== undefined) {
  const cuts = Number(options['power-cuts']);
  const seed = options.seed === undefined ? Date.now() % 1_000_000 : Number(options.seed);
  process.exit((await torturePower(cuts, seed)) ? 0 : 1);
}
if (options.ship) process.exit((await tortureShipping(kills)) ? 0 : 1);
const project = fileURLToPath(new URL('..', import.meta.url));
const work = await mkdtemp(join(tmpdir(), 'shoebox-torture-'));
const spool = join(work, 'spool');
const store = join(work, 'store');
const notes = new Map<number, string>();
await mkdir(spool);

// Compiled children start many times faster. They must be where Node finds their packages.
const compiled = await mkdtemp(join(project, 'node_modules', '.torture-'));
let code: unknown;
try {
  const compiler = join(project, 'node_modules', '.bin', 'tsc');
  await promisify(execFile)(compiler, ['-p', join(project, 'torture'), '--outDir', compiled]);
  for (let start = 0; notes.size < kills; start++) {
    const isPair = start % STARTS_PER_PAIR === 0 && notes.size + 1 < kills;
    await Promise.all(isPair ? [liveAndDie(), liveAndDie()] : [liveAndDie()]);
    // Removes the leases, so that the next children recover at once and are killed while they do.
    if (start % STARTS_PER_PAIR !== 1) await giveUpLeases();
  }
  [code] = await once(fork(join(compiled, 'torture/finish.js'), [spool, store]), 'exit');
} finally {
  await rm(compiled, { recursive: true });
}

const left = (await readdir(spool)).filter((name) => !name.includes('.torn-'));
const found = await check([store, spool], notes);
const { records, synced, ...faults } = found;
console.table({ kills, records, synced, ...faults, 'left in the spool': left.length });

if (code !== 0 || left.length > 0 || synced === 0 || Object.values(faults).some((n) => n > 0)) {
  console.log(`kept in ${work}`);
  process.exitCode = 1;
} else {
  await rm(work, { recursive: true });
}

async function liveAndDie(): Promise<void> {
  const run = notes.size;
  const path = join(work, `notes-${run}`);
  notes.set(run, path);
  await writeFile(path, '');
  const sync = SYNC_MODES[run % SYNC_MODES.length] ?? 'always';
  const args = [spool, store, path, String(run), sync];
  const child = fork(join(compiled, 'torture/child.js'), args);
  const exit = once(child, 'exit');
  await Promise.race([once(child, 'message'), exit]);
  await setTimeout(Math.random() * LONGEST_LIFE_MS);
  child.kill('SIGKILL');
  const [status, signal] = await exit;
  if (signal !== 'SIGKILL') throw new Error(`run ${run} ended by itself, with ${status ?? signal}`);
  if (run % 100 === 99) console.log(`${run + 1} kills`);
}

async function giveUpLeases(): Promise<void> {
  for (const name of await readdir(spool)) {
    if (name.endsWith('.lock')) await unlink(join(spool, name));
  }
}
