import type { CaseName } from './case-list.js';
import type { InputName } from './inputs/input.js';

/**
 * The quantity that a target compares: records per second of the clock, of CPU time, or of time in which the
 * event loop is busy; or the values that the cases measure.
 */
export type Measure = 'speed' | 'cpu' | 'loop' | 'value';

/** A target for the ratio of two cases of a table. */
export interface Target {
  readonly what: string;
  readonly of: CaseName;
  /** @default none: the target is for the value itself, in the unit of its table */
  readonly over?: CaseName | undefined;
  readonly by: Measure;
  readonly least?: number;
  readonly most?: number;
}

/** Cases that are measured together and take turns. */
export interface BenchTable {
  readonly title: string;
  readonly input: InputName;
  readonly rows: ReadonlyArray<{ readonly name: CaseName; readonly title: string }>;
  readonly targets: readonly Target[];
  /** `'fresh'` if earlier rounds of a process would affect the result. @default 'kept' */
  readonly processes?: 'kept' | 'fresh';
  /** The unit of the cases' values, if they have values. */
  readonly value?: ValueKind;
  /** A limit, if more rounds add nothing or take too long. */
  readonly mostRounds?: number;
  /** Whether the suite takes too long for `--quick`. */
  readonly isLong?: true;
}

/** The unit of a value, and its format. */
export interface ValueKind {
  readonly title: string;
  readonly perUnit: number;
}

/** The tables of `npm run bench -- NAME`. */
export interface Suite {
  readonly name: string;
  /** A variable of the environment that it needs and that is not set. @default null */
  readonly needs?: string | null;
  readonly tables: readonly BenchTable[];
}

export const MEBIBYTES: ValueKind = { title: 'MiB', perUnit: 2 ** 20 };
export const MILLISECONDS: ValueKind = { title: 'ms', perUnit: 1 };
