import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdir, mkdtemp, readdir, rm, unlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { withCompiledChildren } from '../compile.js';
import { PostedRecords } from './load.js';

/** The series of `finish.ts`. */
const NAME = 'torture_[[WRITER]]-[[SEQUENCE]].events';

/** How safe records must be, and when they are synced: another combination for each run. */
const ACKS = ['synced', 'written', 'shipped'];
const SYNC_MODES = ['everysec', 'no', 'always', 'everysec'];

/** The longest time that a service lives after its first answer. */
const LONGEST_LIFE_MS = 400;

/** With `--ack shipped` the first answer comes after a second. */
const FIRST_ANSWER_MS = 3000;

/**
 * Posts records to `shoebox serve` with autocannon, and kills it at random moments. Checks at the
 * end that every record whose answer was 200 is in the archive, under the writer and sequence of
 * that answer.
 *
 * @returns whether all checks passed
 */
export async function tortureServing(kills: number): Promise<boolean> {
  const work = await mkdtemp(join(tmpdir(), 'shoebox-torture-'));
  const [spool, store] = [join(work, 'spool'), join(work, 'store')];
  await mkdir(spool);
  const posted = new PostedRecords();
  const code = await withCompiledChildren(async (compiled) => {
    // The command reads its version there.
    await copyFile(
      fileURLToPath(new URL('../../package.json', import.meta.url)),
      join(compiled, 'package.json'),
    );
    const main = join(compiled, 'lib/command/main.js');
    for (let run = 0; run < kills; run++) {
      const ack = ACKS[run % ACKS.length] ?? 'synced';
      const sync = SYNC_MODES[run % SYNC_MODES.length] ?? 'everysec';
      const options = ['--to', store, '--name', NAME, '--roll', '64KiB,1s'];
      await liveAndDie([main, 'serve', spool, ...options, '--ack', ack, '--sync', sync], posted);
      // So that the next service recovers at once, and is killed while it does.
      if (run % 2 === 0) await giveUpLeases(spool);
      if (run % 50 === 49) console.log(`${run + 1} kills`);
    }
    const [status] = await once(fork(join(compiled, 'torture/finish.js'), [spool, store]), 'exit');
    return status;
  });
  const left = (await readdir(spool)).filter((name) => !name.includes('.torn-'));
  const found = await posted.check([store]);
  const { records, answers, acknowledged, ...faults } = found;
  console.table({
    kills,
    records,
    answers,
    acknowledged,
    ...faults,
    'left in the spool': left.length,
  });
  const isSound = code === 0 && left.length === 0 && Object.values(faults).every((n) => n === 0);
  if (!isSound || acknowledged === 0) {
    console.log(`kept in ${work}`);
    return false;
  }
  await rm(work, { recursive: true });
  return true;
}

async function liveAndDie(args: readonly string[], posted: PostedRecords): Promise<void> {
  const child = spawn(process.execPath, [...args, '--listen', '127.0.0.1:0'], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, SHOEBOX_LOG_FORMAT: 'json' },
  });
  const exit = once(child, 'exit');
  const lines = createInterface(child.stderr);
  let url: string | undefined;
  for await (const line of lines) {
    url = JSON.parse(line).url;
    if (url !== undefined) break;
  }
  if (url === undefined) throw new Error(`the service ended with ${await exit}`);
  child.stderr.resume();
  const answered = new AbortController();
  const stop = posted.shoot(url, () => answered.abort());
  await setTimeout(FIRST_ANSWER_MS, undefined, { signal: answered.signal }).catch(() => undefined);
  await setTimeout(Math.random() * LONGEST_LIFE_MS);
  child.kill('SIGKILL');
  const [status, signal] = await exit;
  await stop();
  if (signal !== 'SIGKILL')
    throw new Error(`the service ended by itself, with ${status ?? signal}`);
}

async function giveUpLeases(spool: string): Promise<void> {
  for (const name of await readdir(spool)) {
    if (name.endsWith('.lock')) await unlink(join(spool, name));
  }
}
