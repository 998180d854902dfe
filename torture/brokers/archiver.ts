import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { basename } from 'node:path';
import { setTimeout } from 'node:timers/promises';

/** After so long without a record, the next one is killed anyway. */
const LONGEST_WAIT_MS = 8000;

/** What archivers have reported. */
export interface Notes {
  /** Reports of records that are not archived, although they are. */
  falseAlarms: number;
  failures: number;
}

/** A process that archives, and that is started again after each kill. */
export class Archiver {
  readonly spool: string;
  records = 0;
  readonly #path: string;
  readonly #notes: Notes;
  readonly #args: string[];
  #child: ChildProcess | undefined;
  #isEnding = false;

  /** @param args of the process; the third one is its spool, the fifth one `synced` or `shipped` */
  constructor(path: string, notes: Notes, args: string[]) {
    this.#path = path;
    this.#notes = notes;
    this.#args = args;
    this.spool = args[2] ?? '';
  }

  start(): void {
    const child = fork(this.#path, this.#args, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    this.#child = child;
    this.records = 0;
    child.on('message', (message) => {
      const { error, lost, records } = Object(message);
      if (records !== undefined) this.records = records;
      if (lost !== undefined && this.#isFalse(lost)) {
        this.#notes.falseAlarms++;
        console.log(`${basename(this.spool)} reports as lost: ${JSON.stringify(lost)}`);
      }
      if (error === undefined) return;
      this.#notes.failures++;
      console.log(error);
    });
    // One that ends by itself, for example because the broker was away for too long, is started again.
    child.once('exit', (code) => {
      if (code !== null && this.#child === child && !this.#isEnding) this.start();
    });
  }

  /**
   * No record expires, and no disk is lost that has records which only it has. But the disk of another
   * archiver may have some, unless they were acknowledged only after they were shipped.
   */
  #isFalse({ holder }: { readonly holder?: string }): boolean {
    return holder === undefined || this.#args[4] === 'shipped';
  }

  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null) return;
    const exit = once(child, 'exit');
    child.kill('SIGKILL');
    await exit;
  }

  async end(): Promise<void> {
    this.#isEnding = true;
    const child = this.#child;
    if (child === undefined || child.exitCode !== null) return;
    const exit = once(child, 'exit');
    child.kill('SIGTERM');
    await exit;
  }
}

/** Settles when the archivers have taken more records, or after a while. */
export async function progressOf(archivers: readonly Archiver[]): Promise<void> {
  const before = archivers.map(({ records }) => records);
  const hasProgress = () => archivers.some(({ records }, at) => records > (before[at] ?? 0));
  for (let ms = 0; ms < LONGEST_WAIT_MS && !hasProgress(); ms += 50) await setTimeout(50);
}
