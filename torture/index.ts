// Kills writers at random moments, alone and two at a time. Checks that every record is there whose
// receipt said `synced`, and that no record is there that was never appended.
//
//   npm run torture -- --kills 1000
//   npm run torture -- --ship --kills 200     kills writers while they ship
//   npm run torture -- --follow --kills 200   kills writers, and a reader that follows them
//   npm run torture -- --given --kills 200    kills writers of a source that numbers its records
//   npm run torture -- --kafka --kills 200    kills archivers of a consumer group, and their broker; --ack shipped or synced
//   npm run torture -- --nats --kills 200     kills archivers of streams, and their server; --ack shipped or synced
//   npm run torture -- --serve --kills 200    kills `shoebox serve` while autocannon posts to it
//   npm run torture -- --file --kills 200     kills commands that follow a log while it is rotated
//   npm run torture -- --partitions 50 --kills 200   kills writers of many partitions
//   npm run torture -- --power-cuts 1000      lets the power fail on a simulated disk; --seed repeats a run
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { parseArgs } from 'node:util';

import { check } from './check.js';
import { withCompiledChildren } from './compile.js';
import { tortureFiles } from './file/run.js';
import { tortureFollowing } from './follow/run.js';
import { tortureGiven } from './given/run.js';
import { tortureKafka } from './kafka/run.js';
import { tortureNats } from './nats/run.js';
import { torturePartitions } from './partitions/run.js';
import { torturePower } from './power/run.js';
import { tortureServing } from './serve/run.js';
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
    follow: { type: 'boolean', default: false },
    given: { type: 'boolean', default: false },
    kafka: { type: 'boolean', default: false },
    nats: { type: 'boolean', default: false },
    ack: { type: 'string', default: 'both' },
    serve: { type: 'boolean', default: false },
    file: { type: 'boolean', default: false },
    partitions: { type: 'string' },
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
if (options.partitions !== undefined) {
  process.exit((await torturePartitions(kills, Number(options.partitions))) ? 0 : 1);
}
if (options.ship) process.exit((await tortureShipping(kills)) ? 0 : 1);
if (options.serve) process.exit((await tortureServing(kills)) ? 0 : 1);
if (options.given) process.exit((await tortureGiven(kills)) ? 0 : 1);
if (options.kafka || options.nats) {
  const torture = options.kafka ? tortureKafka : tortureNats;
  for (const ack of ['synced', 'shipped'] as const) {
    if (options.ack !== 'both' && options.ack !== ack) continue;
    if (!(await torture(kills, ack))) process.exit(1);
  }
  process.exit(0);
}
if (options.file) process.exit((await tortureFiles(kills)) ? 0 : 1);
if (options.follow) process.exit((await tortureFollowing(kills)) ? 0 : 1);
const work = await mkdtemp(join(tmpdir(), 'shoebox-torture-'));
const spool = join(work, 'spool');
const store = join(work, 'store');
const notes = new Map<number, string>();
await mkdir(spool);

const code = await withCompiledChildren(async (compiled) => {
  for (let start = 0; notes.size < kills; start++) {
    const isPair = start % STARTS_PER_PAIR === 0 && notes.size + 1 < kills;
    const child = join(compiled, 'torture/child.js');
    await Promise.all(isPair ? [liveAndDie(child), liveAndDie(child)] : [liveAndDie(child)]);
    // Removes the leases, so that the next children recover at once and are killed while they do.
    if (start % STARTS_PER_PAIR !== 1) await giveUpLeases();
  }
  const [status] = await once(fork(join(compiled, 'torture/finish.js'), [spool, store]), 'exit');
  return status;
});

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

async function liveAndDie(childPath: string): Promise<void> {
  const run = notes.size;
  const path = join(work, `notes-${run}`);
  notes.set(run, path);
  await writeFile(path, '');
  const sync = SYNC_MODES[run % SYNC_MODES.length] ?? 'always';
  const args = [spool, store, path, String(run), sync];
  const child = fork(childPath, args);
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
