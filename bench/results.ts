import type { CaseName } from './case-list.js';
import type { Measurement } from './measure.js';
import type { BenchTable, Measure, Target, ValueKind } from './suite.js';

/** A measured row of a table. */
export interface Row extends Measurement {
  readonly title: string;
}

/** A target and the ratio that was reached. */
export interface Verdict extends Target {
  /** The ratio of the best rounds; values have only a median. */
  readonly byBest: number;
  readonly byMedian: number;
  /** Whether the medians meet the target. */
  readonly isMet: boolean;
}

export interface TableResult {
  readonly suite: string;
  readonly title: string;
  readonly value: ValueKind | null;
  readonly rows: readonly Row[];
  readonly verdicts: readonly Verdict[];
}

/** All results of a run, as `--json` writes them. */
export interface Results {
  readonly machine: string;
  readonly corpus: string;
  readonly tables: readonly TableResult[];
}

export function resultOf(
  suite: string,
  table: BenchTable,
  measured: readonly Measurement[],
): TableResult {
  const byName = new Map(measured.map((measurement) => [measurement.name, measurement]));
  const find = (name: CaseName): Measurement => {
    const found = byName.get(name);
    if (found === undefined) throw new Error(`${name} was not measured`);
    return found;
  };
  return {
    suite,
    title: table.title,
    value: table.value ?? null,
    rows: table.rows.map(({ name, title }) => ({ title, ...find(name) })),
    verdicts: table.targets.map((target) =>
      judge(target, find(target.of), target.over && find(target.over), table.value),
    ),
  };
}

function judge(
  target: Target,
  of: Measurement,
  over: Measurement | undefined,
  unit: ValueKind | undefined,
): Verdict {
  const [byBest, byMedian] = reached(target, of, over, unit);
  const { least = 0, most = Number.POSITIVE_INFINITY } = target;
  return { ...target, byBest, byMedian, isMet: byMedian >= least && byMedian <= most };
}

/** The cost of the best round, and the median. */
type Costs = readonly [best: number, median: number];

function costsOf(measured: Measurement, by: Exclude<Measure, 'value'>): Costs {
  if (by === 'cpu') return [measured.bestCpuMs, measured.medianCpuMs];
  if (by === 'loop') return [measured.bestLoopMs, measured.medianLoopMs];
  return [measured.bestMs, measured.medianMs];
}

/** By the best rounds and by the medians; values have only a median. */
function reached(
  { by }: Target,
  of: Measurement,
  over: Measurement | undefined,
  unit: ValueKind | undefined,
): Costs {
  if (over === undefined) {
    const value = (of.value ?? Number.NaN) / (unit?.perUnit ?? 1);
    return [value, value];
  }
  if (by === 'value') return [ratioOf(of.value, over.value), ratioOf(of.value, over.value)];
  const [best, median] = costsOf(of, by);
  const [bestOver, medianOver] = costsOf(over, by);
  return [
    speedOf(of, best) / speedOf(over, bestOver),
    speedOf(of, median) / speedOf(over, medianOver),
  ];
}

function ratioOf(of: number | null, over: number | null): number {
  return (of ?? Number.NaN) / (over ?? Number.NaN);
}

/** Records per second. */
function speedOf({ records }: Measurement, ms: number): number {
  return (1000 * records) / ms;
}
