import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';

import { type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';

import { Archiver, progressOf } from '../brokers/archiver.js';
import { checkSeries } from '../brokers/check-series.js';
import { withCompiledChildren } from '../compile.js';
import { Publishing } from './publishing.js';
import { Server } from './server.js';

/** Each archiver reads two of them, so that each stream has two archivers that share its consumer. */
const STREAMS = ['torture-0', 'torture-1', 'torture-2'];

/** One in this many kills is of the server. */
const KILLS_PER_SERVER_KILL = 8;

/** One in this many killed archivers comes back without its disk, if `ack` is `shipped`. */
const KILLS_PER_LOST_DISK = 3;

/** The longest time that all live between two kills, after records were archived again. */
const LONGEST_LIFE_MS = 400;

/** The longest time in which everything must be archived and acknowledged at the end. */
const LONGEST_END_MS = 120_000;

/**
 * Kills archivers of streams, and their server, while a publisher sends. Checks that archives hold
 * every message once for a reader, and at least once for `zcat`.
 */
export async function tortureNats(kills: number, ack: 'synced' | 'shipped'): Promise<boolean> {
  const program = process.env.NATS_SERVER;
  if (program === undefined) {
    throw new Error('NATS_SERVER is not set: it names the program nats-server');
  }
  const work = await mkdtemp(join(tmpdir(), `shoebox-nats-${ack}-`));
  const store = join(work, 'store');
  await mkdir(store);
  const server = await Server.create(program, join(work, 'server'));
  const connection = await connect({
    ...{ servers: server.address, maxReconnectAttempts: -1, reconnectTimeWait: 50 },
  });
  const manager = await jetstreamManager(connection);
  for (const name of STREAMS) await manager.streams.add({ name, subjects: [`${name}.>`] });
  const publishing = new Publishing(connection, STREAMS);
  publishing.begin();

  const notes = { lost: 0, failures: 0, lostDisks: 0, serverKills: 0 };
  await withCompiledChildren(async (compiled) => {
    const archivers = STREAMS.map((stream, number) => {
      const streams = `${stream},${STREAMS[(number + 1) % STREAMS.length]}`;
      const args = [server.address, streams, join(work, `host-${number}`), store, ack];
      return new Archiver(join(compiled, 'torture/nats/child.js'), notes, args);
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
      if (kill % 20 === 0) console.log(`${ack}: ${kill} kills, ${publishing.confirmed} messages`);
    }
    await publishing.end();
    await acknowledged(manager);
    await Promise.all(archivers.map((archiver) => archiver.end()));
  });

  const ends = await endsOf(manager);
  await connection.close();
  await server.kill();
  const series = [...ends].map(([folder, end]) => ({ folder, first: 1, end }));
  const found = await checkSeries(work, series, publishing.confirmed);
  const { messages, ...faults } = found;
  console.table({ ack, kills, ...notes, messages, ...faults });
  const isGood = Object.values(faults).every((count) => count === 0) && messages > 0;
  if (isGood) await rm(work, { recursive: true });
  else console.log(`kept in ${work}`);
  return isGood;
}

/** The sequence after the last one of each stream. */
async function endsOf(manager: JetStreamManager): Promise<Map<string, number>> {
  const ends = new Map<string, number>();
  for (const name of STREAMS) ends.set(name, (await manager.streams.info(name)).state.last_seq + 1);
  return ends;
}

/** Settles when everything is acknowledged. */
async function acknowledged(manager: JetStreamManager): Promise<void> {
  const begunMs = performance.now();
  for (const [name, end] of await endsOf(manager)) {
    while ((await manager.consumers.info(name, 'archive')).ack_floor.stream_seq + 1 < end) {
      if (performance.now() - begunMs > LONGEST_END_MS) {
        console.log(`${name} is not acknowledged to its end`);
        return;
      }
      await setTimeout(200);
    }
  }
}
