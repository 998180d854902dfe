import { spawnSync } from 'node:child_process';

let isThere: boolean | undefined;

/** Whether `promtool` is installed, which Debian's package `prometheus` has; says so if it is not. */
export function hasPromtool(): boolean {
  isThere ??= spawnSync('promtool', ['--version']).status === 0;
  if (!isThere) console.log('    skipped: needs promtool, of the package prometheus');
  return isThere;
}

/** Runs `promtool`. */
export function promtool(
  args: readonly string[],
  input = '',
): { status: number | null; output: string } {
  const { status, stderr, stdout } = spawnSync('promtool', args, { input, encoding: 'utf8' });
  return { status, output: stdout + stderr };
}
