import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

import { compiled } from './compiled.js';

const MAIN = new URL('../../lib/command/main.ts', import.meta.url);

/** Makes the log text, as it is at a terminal; otherwise it is JSON here. */
export const TEXT_LOG = { SHOEBOX_LOG_FORMAT: 'text' } as const;

export interface ShoeboxCall {
  readonly cwd?: string;
  /** Added to the environment, which holds no other option of the command. */
  readonly env?: NodeJS.ProcessEnv;
  readonly input?: string | Uint8Array;
}

export interface ShoeboxResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Starts the built command as a child process. */
export function startShoebox(args: readonly string[], { cwd, env }: ShoeboxCall = {}) {
  const main = fileURLToPath(compiled(MAIN));
  const clean = Object.entries(process.env).filter(([name]) => !name.startsWith('SHOEBOX_'));
  return spawn(process.execPath, [main, ...args], {
    ...(cwd !== undefined && { cwd }),
    env: { ...Object.fromEntries(clean), ...TEXT_LOG, ...env },
  });
}

/** Runs the built command to its end. */
export async function runShoebox(
  args: readonly string[],
  call: ShoeboxCall = {},
): Promise<ShoeboxResult> {
  const child = startShoebox(args, call);
  child.stdin.end(call.input);
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ]);
  return { code, stdout, stderr };
}
