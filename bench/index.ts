// Compares Shoebox with other packages, and with the limits of the machine. Usage: npm run bench --
// [targets|write|read|gzip|ship|e2e|kafka|export|sync|roll|seek|first|small|memory|growth|codec|defaults|docs FILE.json...]
// [--rounds 7] [--scale 1] [--quick] [--json FILE] [--docs] [--directory DIR] [--profile DIR] See
// docs/benchmarks.md.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { isSample } from './inputs/corpus.js';
import { measure } from './measure.js';
import { measuredTable, targetTable, toTerminal } from './report/text-table.js';
import { writeDocs } from './report/write-docs.js';
import { type Results, resultOf, type TableResult } from './results.js';
import type { Suite } from './suite.js';
import { SUITES } from './suites/all-suites.js';

/** The share of the full work that `--quick` does, to show that the bench runs. */
const QUICK_SCALE = 0.01;

const { positionals, values: options } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string' },
    scale: { type: 'string', default: '1' },
    quick: { type: 'boolean', default: false },
    json: { type: 'string' },
    docs: { type: 'boolean', default: false },
    directory: { type: 'string', default: tmpdir() },
    profile: { type: 'string' },
  },
});

const [command = 'targets', ...files] = positionals;
if (command === 'docs') await writeDocs(await readResults(files));
else await run(suitesOf(command));

/** Merges the results of several runs, each of other suites. */
async function readResults(paths: readonly string[]): Promise<Results> {
  const parts: Results[] = await Promise.all(
    paths.map(async (path) => JSON.parse(await readFile(path, 'utf8'))),
  );
  const [first] = parts;
  if (first === undefined) throw new Error('docs needs the names of result files');
  return { ...first, tables: parts.flatMap(({ tables }) => tables) };
}

function suitesOf(name: string): readonly Suite[] {
  if (name === 'targets') {
    return SUITES.filter(
      ({ needs, tables }) => !needs && tables.some(({ targets }) => targets.length > 0),
    );
  }
  const suite = SUITES.find((candidate) => candidate.name === name);
  if (suite?.needs) throw new Error(`bench ${name} needs ${suite.needs} in the environment`);
  if (suite !== undefined) return [suite];
  const names = SUITES.map((candidate) => candidate.name).join(', ');
  throw new Error(`no bench ${JSON.stringify(name)}; there are: targets, ${names}, docs`);
}

async function run(suites: readonly Suite[]): Promise<void> {
  const directory = await mkdtemp(join(options.directory, 'shoebox-bench-'));
  const rounds = Number(options.rounds ?? (options.quick ? 1 : 7));
  const tables: TableResult[] = [];
  try {
    for (const suite of suites) {
      for (const table of suite.tables) {
        if (options.quick && table.isLong) continue;
        const names = table.rows.map(({ name }) => name);
        const measured = await measure(names, {
          input: table.input,
          rounds: Math.min(rounds, table.mostRounds ?? rounds),
          scale: options.quick ? QUICK_SCALE : Number(options.scale),
          directory,
          processes: table.processes ?? 'kept',
          profile: options.profile,
        });
        const result = resultOf(suite.name, table, measured);
        console.log(`\n${table.title}\n${toTerminal(measuredTable(result))}`);
        tables.push(result);
      }
    }
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
  const verdicts = tables.flatMap((table) => table.verdicts);
  if (options.quick) console.log('\nA quick look: it shows that the bench works, and no speed.');
  else if (verdicts.length > 0) console.log(`\nTargets\n${toTerminal(targetTable(verdicts))}`);
  const results: Results = { machine: describeMachine(), corpus: describeCorpus(), tables };
  if (options.json !== undefined) {
    await writeFile(options.json, `${JSON.stringify(results, null, 2)}\n`);
  }
  if (options.docs) await writeDocs(results);
}

function describeMachine(): string {
  const model = cpus()[0]?.model ?? 'unknown CPUs';
  return `${availableParallelism()} CPUs (${model}), Node ${process.versions.node}`;
}

function describeCorpus(): string {
  return isSample() ? "the examples' sample" : '5,000 notifications of 2.9 KB';
}
