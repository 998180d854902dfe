import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';

import { withCompiledChildren } from '../compile.js';
import { Archiver, progressOf } from './archiver.js';
import { checkSeries, type ExpectedSeries } from './check-series.js';
import type { ServerProcess } from './server-process.js';

/** One in this many kills is of the server. */
const KILLS_PER_SERVER_KILL = 8;

/** One in this many killed archivers comes back without its disk, if `ack` is `shipped`. */
const KILLS_PER_LOST_DISK = 3;

/** The longest time that all live between two kills, after records were archived again. */
const LONGEST_LIFE_MS = 500;

/** The longest time in which everything must be archived and acknowledged at the end. */
const LONGEST_END_MS = 120_000;

export interface KilledArchivers {
  readonly kills: number;
  readonly ack: 'synced' | 'shipped';
  /** From `makeWork`. */
  readonly work: string;
  readonly address: string;
  readonly server: ServerProcess;
  /** The archiver's program, compiled. */
  readonly child: string;
  /** What each archiver reads. */
  readonly reads: readonly string[];
  /** How many messages the server has confirmed. */
  confirmed(): number;
  /** Sends no more messages. */
  end(): Promise<void>;
  /** Whether everything is acknowledged. */
  isAcknowledged(): Promise<boolean>;
  /** The series that archives must hold now, after which the client disconnects. */
  series(): Promise<ExpectedSeries[]>;
}

/** A directory for the server, the spools and the store. */
export async function makeWork(name: string, ack: string): Promise<string> {
  const work = await mkdtemp(join(tmpdir(), `shoebox-${name}-${ack}-`));
  await mkdir(join(work, 'store'));
  await mkdir(join(work, 'server'));
  return work;
}

/**
 * Kills archivers and their server while messages are sent. Checks that archives hold every message
 * once for a reader, and at least once for `zcat`.
 */
export async function killArchivers(run: KilledArchivers): Promise<boolean> {
  const { ack, address, kills, server, work } = run;
  const notes = { falseAlarms: 0, failures: 0, lostDisks: 0, serverKills: 0 };
  await withCompiledChildren(async (compiled) => {
    const archivers = run.reads.map((reads, number) => {
      const args = [address, reads, join(work, `host-${number}`), join(work, 'store'), ack];
      return new Archiver(join(compiled, run.child), notes, args);
    });
    for (const archiver of archivers) archiver.start();
    for (let kill = 1; kill <= kills; kill++) {
      await progressOf(archivers);
      await setTimeout(Math.random() * LONGEST_LIFE_MS);
      if (kill % KILLS_PER_SERVER_KILL === 0) {
        notes.serverKills++;
        await server.kill();
        await setTimeout(Math.random() * LONGEST_LIFE_MS);
        await server.start();
      } else {
        const archiver = archivers[Math.floor(Math.random() * archivers.length)];
        await archiver?.kill();
        if (ack === 'shipped' && Math.random() < 1 / KILLS_PER_LOST_DISK) {
          notes.lostDisks++;
          await rm(archiver?.spool ?? '', { recursive: true, force: true });
        }
        archiver?.start();
      }
      if (kill % 20 === 0) console.log(`${ack}: ${kill} kills, ${run.confirmed()} messages`);
    }
    await run.end();
    await acknowledged(run);
    await Promise.all(archivers.map((archiver) => archiver.end()));
  });
  const series = await run.series();
  await server.kill();
  const { messages, ...found } = await checkSeries(work, series, run.confirmed());
  const { falseAlarms, ...others } = notes;
  const faults = { ...found, falseAlarms };
  console.table({ ack, kills, ...others, messages, ...faults });
  const isGood = Object.values(faults).every((count) => count === 0) && messages > 0;
  if (isGood) await rm(work, { recursive: true });
  else console.log(`kept in ${work}`);
  return isGood;
}

/** Settles when everything is acknowledged, or should be. */
async function acknowledged({ isAcknowledged }: KilledArchivers): Promise<void> {
  const begunMs = performance.now();
  while (!(await isAcknowledged())) {
    if (performance.now() - begunMs > LONGEST_END_MS) {
      console.log(`not everything is acknowledged after ${LONGEST_END_MS} ms`);
      return;
    }
    await setTimeout(200);
  }
}
