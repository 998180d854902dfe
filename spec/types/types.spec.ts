import { execFile } from 'node:child_process';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { expect } from 'chai';

import { allowTime } from '../support/allow-time.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

const MISTAKE = 'mistake.ts';

/** Has a correct line that it calls a mistake, and a mistake: the compiler must report both. */
const PROGRAM = `
  import { createArchiveReader } from 'shoebox-archive';
  // @ts-expect-error
  createArchiveReader('archive').on('data', (record) => record.payload);
  createArchiveReader('archive').on('dta', () => undefined);`;

/** Whether a line of the compiler's report is about the program with mistakes. */
const isOfMistake = (line: string) => /^\s|mistake\.ts\(/.test(line);

describe('the types of the library', function () {
  allowTime(this, 120_000);

  let directory: string;
  /** The compiler's report on all programs: one run takes half the time of two. */
  let found: readonly string[];

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'shoebox-types-'));
    await symlink(join(ROOT, 'node_modules'), join(directory, 'node_modules'));
    await writeFile(join(directory, 'package.json'), '{ "type": "module" }');
    // `npm run types` checks the library itself.
    const declarations = ['--noCheck', '--outDir', join(directory, 'dist')];
    expect(await tsc('-p', join(ROOT, 'tsconfig.build.json'), ...declarations)).to.equal('');
    await writeFile(join(directory, MISTAKE), PROGRAM);
    const files = [here('accepted.ts'), here('refused.ts'), join(directory, MISTAKE)];
    found = (await compile(...files)).split('\n').filter((line) => line !== '');
  });

  after(() => rm(directory, { recursive: true, force: true }));

  /** Compiles programs as a user does, against the declarations that the package has. */
  async function compile(...files: readonly string[]): Promise<string> {
    const compilerOptions = {
      target: 'es2023',
      lib: ['es2024', 'esnext.disposable'],
      module: 'nodenext',
      types: ['node'],
      strict: true,
      noEmit: true,
      skipLibCheck: true,
      paths: { 'shoebox-archive': [join(directory, 'dist/index.d.ts')] },
    };
    const config = join(directory, 'tsconfig.json');
    await writeFile(config, JSON.stringify({ compilerOptions, files }));
    return tsc('-p', config);
  }

  const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));

  it('accept correct programs, and refuse mistakes', () => {
    expect(found.filter((line) => !isOfMistake(line))).to.deep.equal([]);
  });

  it('would be seen to accept a mistake', () => {
    const mistakes = found.filter(isOfMistake).join('\n');
    expect(mistakes).to.match(/Unused '@ts-expect-error' directive/);
    expect(mistakes).to.match(/"dta"/);
  });
});

/** The compiler's report, empty without errors. TypeScript 7 has no API, so it runs as a program. */
async function tsc(...args: readonly string[]): Promise<string> {
  const program = join(ROOT, 'node_modules/typescript/bin/tsc');
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [
      program,
      '--singleThreaded',
      ...args,
    ]);
    return stdout;
  } catch (error) {
    if (!(error instanceof Error && 'stdout' in error)) throw error;
    return String(error.stdout);
  }
}
