import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';

import { createArchiveReader } from 'shoebox-archive';

import { withCompiledChildren } from '../compile.js';
import type { TortureRecord } from '../record.js';
import { readLog } from './log.js';

const SYNC_MODES = ['no', 'everysec', 'always'];

/** How a follower reads, and how it finds the store: as a store, or by its path. */
const KINDS = ['batches', 'paths', 'loop', 'data'];

const LONGEST_WRITER_MS = 200;
const LONGEST_FOLLOWER_MS = 600;

/** How long the last follower may take for what the others have left. */
const LAST_FOLLOWER_MS = 60_000;

/**
 * Kills writers that write and ship, and a follower that continues after its last cursor, at random
 * moments. Checks at the end that the followers together have emitted every record once, each
 * writer's in its order.
 *
 * @param kills of writers and followers together
 * @returns whether all checks passed
 */
export async function tortureFollowing(kills: number): Promise<boolean> {
  return await withCompiledChildren((compiled) => new FollowTorture(compiled, kills).run());
}

class FollowTorture {
  readonly #compiled: string;
  readonly #kills: number;
  #work = '';
  #killed = 0;
  #writers = 0;
  #followers = 0;

  constructor(compiled: string, kills: number) {
    this.#compiled = compiled;
    this.#kills = kills;
  }

  get #spool(): string {
    return join(this.#work, 'spool');
  }

  get #store(): string {
    return join(this.#work, 'store');
  }

  get #log(): string {
    return join(this.#work, 'log');
  }

  async run(): Promise<boolean> {
    this.#work = await mkdtemp(join(tmpdir(), 'shoebox-torture-'));
    await mkdir(this.#spool);
    await mkdir(this.#store);
    await writeFile(this.#log, '');
    await Promise.all([this.#killWriters(), this.#killFollowers()]);
    const finish = join(this.#compiled, 'torture/finish.js');
    const [code] = await once(fork(finish, [this.#spool, this.#store]), 'exit');
    const expected = await this.#readAll();
    await this.#followToEnd(expected);
    const { gaps, records, runs } = await readLog(this.#log);
    const found = { missed: 0, repeated: 0, disordered: 0, invented: 0, gaps };
    for (const [run, numbers] of runs) {
      const all = new Set(expected.get(run));
      const emitted = new Set(numbers);
      found.repeated += numbers.length - emitted.size;
      found.disordered += numbers.filter((n, i) => n < (numbers[i - 1] ?? n)).length;
      found.invented += [...emitted].filter((n) => !all.has(n)).length;
    }
    for (const [run, all] of expected) {
      const emitted = new Set(runs.get(run));
      found.missed += all.filter((n) => !emitted.has(n)).length;
    }
    const { size } = expected;
    console.table({
      kills: this.#killed,
      writers: size,
      followers: this.#followers,
      records,
      ...found,
    });
    const isSound = code === 0 && records > 0 && Object.values(found).every((n) => n === 0);
    if (isSound) await rm(this.#work, { recursive: true });
    else console.log(`kept in ${this.#work}`);
    return isSound;
  }

  async #killWriters(): Promise<void> {
    while (this.#killed < this.#kills) {
      const run = this.#writers++;
      const notes = join(this.#work, `notes-${run}`);
      await writeFile(notes, '');
      const sync = SYNC_MODES[run % SYNC_MODES.length] ?? 'always';
      const args = [this.#spool, this.#store, notes, String(run), sync];
      await this.#liveAndDie(this.#fork('child.js', args), LONGEST_WRITER_MS);
      // Without leases the next writer recovers at once.
      if (run % 4 !== 1) await this.#giveUpLeases();
    }
  }

  async #killFollowers(): Promise<void> {
    while (this.#killed < this.#kills) {
      await this.#liveAndDie(this.#follow(), LONGEST_FOLLOWER_MS);
    }
  }

  #follow(): ChildProcess {
    const kind = KINDS[this.#followers++ % KINDS.length] ?? 'loop';
    return this.#fork('follow/follower.js', [this.#log, kind, this.#spool, this.#store]);
  }

  #fork(name: string, args: readonly string[]): ChildProcess {
    return fork(join(this.#compiled, 'torture', name), args);
  }

  async #liveAndDie(child: ChildProcess, longestMs: number): Promise<void> {
    const exit = once(child, 'exit');
    await Promise.race([once(child, 'message'), exit]);
    await Promise.race([setTimeout(Math.random() * longestMs), exit]);
    child.kill('SIGKILL');
    const [status, signal] = await exit;
    if (signal !== 'SIGKILL')
      throw new Error(`${child.spawnargs[1]} ended with ${status ?? signal}`);
    if (++this.#killed % 100 === 0) console.log(`${this.#killed} kills`);
  }

  /** Lets a last follower emit the rest, up to the records that are in the archives. */
  async #followToEnd(expected: ReadonlyMap<number, readonly number[]>): Promise<void> {
    const count = [...expected.values()].reduce((sum, numbers) => sum + numbers.length, 0);
    const child = this.#follow();
    const exit = once(child, 'exit');
    for (let waitedMs = 0; waitedMs < LAST_FOLLOWER_MS; waitedMs += 100) {
      if ((await readLog(this.#log)).records >= count) break;
      await setTimeout(100);
    }
    // Time for a record too many.
    await setTimeout(500);
    child.kill('SIGKILL');
    await exit;
  }

  async #readAll(): Promise<Map<number, number[]>> {
    const runs = new Map<number, number[]>();
    for await (const record of createArchiveReader([this.#store, this.#spool])) {
      const { run, n } = record.json() as TortureRecord;
      runs.set(run, [...(runs.get(run) ?? []), n]);
    }
    return runs;
  }

  async #giveUpLeases(): Promise<void> {
    for (const name of await readdir(this.#spool)) {
      if (name.endsWith('.lock')) await unlink(join(this.#spool, name)).catch(() => undefined);
    }
  }
}
