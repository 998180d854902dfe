import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** Prints the URL of each module that the process imports. */
const HOOKS = `
  import { writeSync } from 'node:fs';
  export async function resolve(specifier, context, nextResolve) {
    const resolved = await nextResolve(specifier, context);
    writeSync(1, resolved.url + '\\n');
    return resolved;
  }`;

/** The URLs of all modules that a child process imports while it runs `program`, and its output. */
export async function modulesLoadedBy(program: string): Promise<string> {
  const source = `
    import { register } from 'node:module';
    register('data:text/javascript,' + encodeURIComponent(${JSON.stringify(HOOKS)}));
    ${program}`;
  const args = ['--input-type=module', '--eval', source];
  const env = { ...process.env, NODE_OPTIONS: '' };
  return (await promisify(execFile)(process.execPath, args, { env })).stdout;
}
