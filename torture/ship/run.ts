import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { openStore } from 'shoebox-archive';

import { type S3Server, startS3 } from '../../spec/support/s3-server.js';
import { checkStore, countLost } from './check.js';

/**
 * Kills writers at random moments while they write and ship twenty archives. Checks after each kill
 * that every sealed archive is in the spool or in the store. Checks after the last start that every
 * record is in the store exactly once, and that nothing is left behind. Ships to the service at
 * S3_ENDPOINT if it is set, otherwise to a directory.
 *
 * @returns whether all checks passed
 */
export async function tortureShipping(kills: number): Promise<boolean> {
  const work = await mkdtemp(join(tmpdir(), 'shoebox-torture-'));
  const server = process.env.S3_ENDPOINT === undefined ? undefined : await startS3();
  const to = server === undefined ? join(work, 'store') : await makePrefix(server);
  const spool = join(work, 'spool');
  const store = openStore(to);
  await mkdir(spool);

  let lost = 0;
  let killed = 0;
  /** From a run's first write to its end. The first run is not killed, so that it measures this. */
  let wholeMs = Number.POSITIVE_INFINITY;
  for (let run = 0; killed < kills; run++) {
    const notes = join(work, `sealed-${run}`);
    await writeFile(notes, '');
    const child = fork(pathOf('./child.ts'), [spool, to, notes, String(run)]);
    const exit = once(child, 'exit');
    await Promise.race([once(child, 'message'), exit]);
    const begin = performance.now();
    await Promise.race([run === 0 ? exit : setTimeout(Math.random() * wholeMs), exit]);
    if (run === 0) wholeMs = performance.now() - begin;
    child.kill('SIGKILL');
    const [code, signal] = await exit;
    if (signal !== 'SIGKILL' && code !== 0) throw new Error(`run ${run} ended with ${code}`);
    if (signal === 'SIGKILL') killed++;
    await letLeasesRunOut(spool);
    lost += await countLost(notes, spool, store);
    if (signal === 'SIGKILL' && killed % 50 === 0) console.log(`${killed} kills`);
  }
  const [code] = await once(fork(pathOf('../finish.ts'), [spool, to]), 'exit');
  const found = await checkStore(store, spool);
  console.table({ store: to, kills, 'ms of a whole run': Math.round(wholeMs), lost, ...found });
  await store.close();

  const { records, objects: _, ...faults } = found;
  const isSound = Object.values({ ...faults, lost, code: Number(code) }).every((n) => n === 0);
  if (!isSound || records === 0) {
    console.log(`kept in ${work}`);
    return false;
  }
  await server?.stop();
  await rm(work, { recursive: true });
  return true;
}

async function makePrefix(server: S3Server): Promise<string> {
  return `s3://${await server.createBucket()}/torture`;
}

/** Dates all leases back, so that the next writer takes them over at once. */
async function letLeasesRunOut(spool: string): Promise<void> {
  for (const name of await readdir(spool)) {
    if (name.endsWith('.lock')) await utimes(join(spool, name), 0, 0);
  }
}

function pathOf(file: string): string {
  return fileURLToPath(new URL(file, import.meta.url));
}
