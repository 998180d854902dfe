import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/**
 * Compiles the children, which then start many times faster, and removes them after `use`. They must
 * be where Node finds their packages.
 *
 * @param use called with the directory in which `torture/child.js` is
 */
export async function withCompiledChildren<Result>(
  use: (directory: string) => Promise<Result>,
): Promise<Result> {
  const project = fileURLToPath(new URL('..', import.meta.url));
  const compiled = await mkdtemp(join(project, 'node_modules', '.torture-'));
  try {
    const compiler = join(project, 'node_modules', '.bin', 'tsc');
    await promisify(execFile)(compiler, ['-p', join(project, 'torture'), '--outDir', compiled]);
    return await use(compiled);
  } finally {
    await rm(compiled, { recursive: true });
  }
}
