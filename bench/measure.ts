import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { Work } from './bench-case.js';
import type { CaseName } from './case-list.js';
import type { InputName } from './inputs/input.js';

/** A child's report about a round. */
export interface RoundReport {
  readonly ms: number;
  /** How long the event loop was busy; null if other processes did the work. */
  readonly loopMs: number | null;
  /** CPU time of all threads, in user and system mode. */
  readonly cpuMs: number;
  readonly work: Work;
}

/** A case and its result. */
export interface Measurement {
  readonly name: CaseName;
  readonly rounds: number;
  readonly bestMs: number;
  readonly medianMs: number;
  /** Infinity if other processes did the work; then the median is NaN. */
  readonly bestLoopMs: number;
  readonly medianLoopMs: number;
  readonly bestCpuMs: number;
  readonly medianCpuMs: number;
  /** Records of one round. */
  readonly records: number;
  readonly bytes: number;
  /** The median of the values, if the case does not measure time. */
  readonly value: number | null;
}

export interface MeasureOptions {
  readonly input: InputName;
  readonly rounds: number;
  readonly scale: number;
  /** An existing directory, in which each case gets its own. */
  readonly directory: string;
  /**
   * `'kept'`: one process runs all rounds of a case, after some to warm up; `'fresh'`: one process
   * each.
   */
  readonly processes: 'kept' | 'fresh';
  /** The directory for profiles. */
  readonly profile?: string | undefined;
}

/** Rounds that do not count: the engine compiles code, and the heap reaches its size. */
const WARM_UP_ROUNDS = 2;

/**
 * Measures cases, each in its own process. The cases take turns, one round each, so that other load
 * of the machine affects all of them.
 */
export async function measure(
  names: readonly CaseName[],
  options: MeasureOptions,
): Promise<Measurement[]> {
  const reports =
    options.processes === 'kept' ? await runKept(names, options) : await runFresh(names, options);
  return names.map((name) => summarize(name, reports.get(name) ?? []));
}

type Reports = Map<CaseName, RoundReport[]>;

async function runKept(names: readonly CaseName[], options: MeasureOptions): Promise<Reports> {
  const reports: Reports = new Map(names.map((name) => [name, []]));
  const children: [CaseName, ChildProcess][] = [];
  try {
    // One after the other, so that one case's preparation does not slow another.
    for (const name of names) children.push([name, await start(name, options)]);
    for (let round = 1 - WARM_UP_ROUNDS; round <= options.rounds; round++) {
      for (const [name, child] of children) {
        const report = await runRound(child);
        if (round > 0) reports.get(name)?.push(report);
      }
    }
  } finally {
    for (const [name, child] of children) await stop(child, name, options);
  }
  return reports;
}

async function runFresh(names: readonly CaseName[], options: MeasureOptions): Promise<Reports> {
  const reports: Reports = new Map(names.map((name) => [name, []]));
  for (let round = 0; round < options.rounds; round++) {
    for (const name of names) {
      const child = await start(name, options);
      try {
        reports.get(name)?.push(await runRound(child));
      } finally {
        await stop(child, name, options);
      }
    }
  }
  return reports;
}

async function start(name: CaseName, options: MeasureOptions): Promise<ChildProcess> {
  const directory = join(options.directory, name);
  await mkdir(directory, { recursive: true });
  const profiling =
    options.profile === undefined
      ? []
      : ['--cpu-prof', `--cpu-prof-dir=${options.profile}/${name}`];
  const child = fork(
    fileURLToPath(new URL('child.js', import.meta.url)),
    [name, options.input, directory, String(options.scale)],
    { execArgv: profiling },
  );
  await messageOf(child, name);
  return child;
}

async function runRound(child: ChildProcess): Promise<RoundReport> {
  child.send('round');
  const message = await messageOf(child, 'a case');
  if (!isReport(message)) throw new Error(`not the report of a round: ${String(message)}`);
  return message;
}

function isReport(message: unknown): message is RoundReport {
  return typeof message === 'object' && message !== null && 'ms' in message && 'work' in message;
}

/** The next message of a child. Rejects if the child ends instead. */
async function messageOf(child: ChildProcess, name: string): Promise<unknown> {
  const ended = new AbortController();
  try {
    const exit = once(child, 'exit', ended).then(() => {
      throw new Error(`${name} ended before its last round`);
    });
    const [message] = await Promise.race([once(child, 'message', ended), exit]);
    return message;
  } finally {
    ended.abort();
  }
}

async function stop(child: ChildProcess, name: CaseName, options: MeasureOptions): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    const exit = once(child, 'exit');
    child.disconnect();
    await exit;
  }
  await rm(join(options.directory, name), { recursive: true, force: true });
}

function summarize(name: CaseName, reports: readonly RoundReport[]): Measurement {
  const values = reports.map(({ work }) => work.value).filter((value) => value !== undefined);
  const loops = reports.map(({ loopMs }) => loopMs).filter((ms) => ms !== null);
  const [first] = reports;
  return {
    name,
    rounds: reports.length,
    bestMs: Math.min(...reports.map(({ ms }) => ms)),
    medianMs: median(reports.map(({ ms }) => ms)),
    bestLoopMs: Math.min(...loops),
    medianLoopMs: median(loops),
    bestCpuMs: Math.min(...reports.map(({ cpuMs }) => cpuMs)),
    medianCpuMs: median(reports.map(({ cpuMs }) => cpuMs)),
    records: first?.work.records ?? 0,
    bytes: first?.work.bytes ?? 0,
    value: values.length === 0 ? null : median(values),
  };
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? Number.NaN;
}
