import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';

import type { Host } from '../../lib/command/output/terminal.js';
import { type ShoeboxCall, type ShoeboxResult, TEXT_LOG } from './run-shoebox.js';

interface InnerCall extends Omit<ShoeboxCall, 'cwd'> {
  /** What stdin says of itself. */
  readonly stdin?: Pick<Host['stdin'], 'fd' | 'isTTY'>;
}

/**
 * Runs a command in this process, which is much faster than a child process. Signals, EPIPE and
 * the current directory need `runShoebox`.
 */
export async function callShoebox(
  args: readonly string[],
  { env = {}, input, stdin = {} }: InnerCall = {},
): Promise<ShoeboxResult> {
  const host = {
    stdin: Object.assign(new PassThrough().end(input), stdin),
    stdout: new PassThrough(),
    stderr: new PassThrough(),
    env: { ...TEXT_LOG, ...env },
  };
  // Not at the top: mocha requires this file, and commands are imported lazily. Both would have
  // their own instances of each class.
  const { runCommand } = await import('../../lib/command/run-command.js');
  const printed = [text(host.stdout), text(host.stderr)];
  const code = await runCommand(args, host);
  host.stdout.end();
  host.stderr.end();
  const [stdout = '', stderr = ''] = await Promise.all(printed);
  return { code, stdout, stderr };
}
