import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';

const SAMPLE_MS = 20;
const PAGE_BYTES = 4096;

/** The cost of a command, with all its processes. */
export interface CommandCost {
  /** CPU time in user and system mode. */
  readonly cpuMs: number;
  /** The largest sum of the processes' resident sets; NaN where there is no `/proc`. */
  readonly peakBytes: number;
}

/**
 * Runs a command of bash, with its standard error shown.
 *
 * @throws if the command, or a part of its pipeline, fails
 */
export async function measureCommand(
  command: string,
  env: Readonly<Record<string, string>>,
): Promise<CommandCost> {
  // `times` prints the CPU time of the shell, then that of the processes it has waited for.
  const script = `set -eo pipefail\n${command}\ntimes`;
  // A group of its own, so that its processes can be found.
  const shell = spawn('bash', ['-c', script], {
    env: { ...process.env, ...env },
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let peakBytes = Number.NaN;
  const timer = setInterval(async () => {
    const bytes = await residentBytes(shell.pid).catch(() => Number.NaN);
    peakBytes = Number.isNaN(peakBytes) ? bytes : Math.max(peakBytes, bytes);
  }, SAMPLE_MS);
  try {
    const [output, [code]] = await Promise.all([text(shell.stdout), once(shell, 'close')]);
    if (code !== 0) throw new Error(`${command} ended with ${code}`);
    return { cpuMs: cpuMsOf(output), peakBytes };
  } finally {
    clearInterval(timer);
  }
}

/** The sum of the resident sets of a process group. */
async function residentBytes(group: number | undefined): Promise<number> {
  const names = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const sizes = await Promise.all(
    names.map(async (name) => {
      const stat = await readFile(`/proc/${name}/stat`, 'utf8').catch(() => '');
      // The name of the program, in brackets, may hold spaces.
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return Number(fields[2]) === group ? Number(fields[21]) * PAGE_BYTES : 0;
    }),
  );
  return sizes.reduce((sum, bytes) => sum + bytes, 0);
}

/** Adds up the times that bash's `times` prints, such as `0m1.234s`. */
function cpuMsOf(output: string): number {
  const times = [...output.matchAll(/(\d+)m(\d+[.,]\d+)s/g)].slice(-4);
  return times.reduce(
    (sum, [, minutes, seconds = '']) =>
      sum + 1000 * (60 * Number(minutes) + Number(seconds.replace(',', '.'))),
    0,
  );
}
