import type { CaseName } from './case-list.js';
import type { Measurement } from './measure.js';
import type { BenchTable, Target, ValueKind } from './suite.js';

/** A measured row of a table. */
export interface Row extends Measurement {
  readonly title: string;
}

/** A target and the ratio that was reached. */
export interface Verdict extends Target {
  /** The ratio of the best rounds; values have only a median. */
  readonly byBest: number;
  readonly byMedian: number;
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
  return { ...target, byBest, byMedian, isMet: byBest >= least && byBest <= most };
}

/** By the best rounds and by the medians; values have only a median. */
function reached(
  { by }: Target,
  of: Measurement,
  over: Measurement | undefined,
  unit: ValueKind | undefined,
): readonly [number, number] {
  if (over === undefined) {
    const value = (of.value ?? Number.NaN) / (unit?.perUnit ?? 1);
    return [value, value];
  }
  if (by === 'value') return [ratioOf(of.value, over.value), ratioOf(of.value, over.value)];
  return [
    speedOf(of, of.bestMs) / speedOf(over, over.bestMs),
    speedOf(of, of.medianMs) / speedOf(over, over.medianMs),
  ];
}

function ratioOf(of: number | null, over: number | null): number {
  return (of ?? Number.NaN) / (over ?? Number.NaN);
}

/** Records per second. */
function speedOf({ records }: Measurement, ms: number): number {
  return (1000 * records) / ms;
}
