import { randomBytes } from 'node:crypto';
import { readFile, readlink, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';

import { systemCodeOf } from '../../options/system-code.js';

const LOCK_NAME = '.shoebox-files.lock';

/** How often the owner renews its lock, in ms. */
const RENEWAL_MS = 1000;

/** A lock that was not renewed for so long has no owner. */
const STALE_MS = 10_000;

/** How often a lock without a known owner is looked at. */
const LOOK_MS = 100;

/** The process that holds a lock. */
interface Owner {
  readonly token: string;
  readonly pid: number;
  readonly host: string;
  /** The name space of its process id; empty if the system has none. */
  readonly pids: string;
}

/**
 * The right to follow files into a directory, which one process has: two would archive the same
 * lines, each with times of its own.
 */
export class DirectoryLock {
  readonly #path: string;
  readonly #text: string;
  readonly #timer: NodeJS.Timeout;

  /**
   * Takes the lock. One that a process of this machine has left is free at once; any other one after
   * 10 s without a renewal.
   *
   * @param onLost called once when another process has taken the lock over, because this one stalled
   * @throws Error if another process has it
   */
  static async take(directory: string, onLost: () => void): Promise<DirectoryLock> {
    const path = join(directory, LOCK_NAME);
    const owner = { token: randomBytes(8).toString('hex'), ...(await ownProcess()) };
    const text = JSON.stringify(owner);
    for (;;) {
      if (await create(path, text)) return new DirectoryLock(path, text, onLost);
      await waitUntilFree(path, directory);
    }
  }

  private constructor(path: string, text: string, onLost: () => void) {
    this.#path = path;
    this.#text = text;
    this.#timer = setInterval(async () => {
      if (await this.#renew()) return;
      clearInterval(this.#timer);
      onLost();
    }, RENEWAL_MS);
    this.#timer.unref();
  }

  async release(): Promise<void> {
    clearInterval(this.#timer);
    if ((await textOf(this.#path)) === this.#text) await rm(this.#path, { force: true });
  }

  /** @returns false if another process has it now */
  async #renew(): Promise<boolean> {
    try {
      if ((await textOf(this.#path)) !== this.#text) return false;
      const now = new Date();
      await utimes(this.#path, now, now);
    } catch {
      // The disk refuses it now; another process waits 10 s.
    }
    return true;
  }
}

async function create(path: string, text: string): Promise<boolean> {
  try {
    await writeFile(path, text, { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    if (systemCodeOf(error) === 'EEXIST') return false;
    // A full disk has room for the name of a file before it has room for its content.
    await rm(path, { force: true });
    throw error;
  }
}

/** Settles when the lock may be taken. */
async function waitUntilFree(path: string, directory: string): Promise<void> {
  const text = await textOf(path);
  const first = await timeOf(path);
  if (text === undefined || first === undefined) return;
  const owner = parse(text);
  const sinceMs = performance.now();
  while (owner === undefined || !isDead(owner, await ownProcess())) {
    const time = await timeOf(path);
    if (time === undefined) return;
    if (time !== first) {
      const who = owner === undefined ? 'another process' : `process ${owner.pid} on ${owner.host}`;
      throw new Error(`${who} follows files into ${directory} already: use another directory`);
    }
    // The clocks of two machines may differ.
    if (Date.now() - time > STALE_MS || performance.now() - sinceMs > STALE_MS) break;
    await setTimeout(LOOK_MS);
  }
  // Two processes may come here at once: only one of them removes the lock that it has seen.
  const aside = `${path}.${randomBytes(4).toString('hex')}`;
  try {
    await rename(path, aside);
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return;
    throw error;
  }
  if ((await textOf(aside)) === text) await rm(aside, { force: true });
  else await rename(aside, path);
}

async function ownProcess(): Promise<Omit<Owner, 'token'>> {
  const pids = await readlink('/proc/self/ns/pid').catch(() => '');
  return { pid: process.pid, host: hostname(), pids };
}

/** Whether the owner was a process of this machine that has ended. */
function isDead({ host, pid, pids }: Owner, own: Omit<Owner, 'token'>): boolean {
  if (host !== own.host || pids !== own.pids) return false;
  // A lock with the id of this process is one of an earlier process: ids are used again.
  if (pid === own.pid) return true;
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return systemCodeOf(error) === 'ESRCH';
  }
}

function parse(text: string): Owner | undefined {
  try {
    const { host, pid, pids, token }: Partial<Record<keyof Owner, unknown>> = JSON.parse(text);
    if (typeof host !== 'string' || typeof pids !== 'string' || typeof token !== 'string') return;
    return Number.isSafeInteger(pid) && Number(pid) > 0
      ? { host, pids, token, pid: Number(pid) }
      : undefined;
  } catch {
    return undefined;
  }
}

async function textOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

async function timeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).mtimeMs;
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}
