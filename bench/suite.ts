import type { CaseName } from './case-list.js';
import type { InputName } from './inputs/input.js';

/** A ratio that is aimed at: of the speeds of two cases of a table, or of what they measure instead. */
export interface Target {
  readonly what: string;
  readonly of: CaseName;
  readonly over: CaseName;
  /** `'speed'`: records a second; `'value'`: what the cases measure. */
  readonly by: 'speed' | 'value';
  readonly least?: number;
  readonly most?: number;
}

/** Cases that are measured together, in turn. */
export interface BenchTable {
  readonly title: string;
  readonly input: InputName;
  readonly rows: ReadonlyArray<{ readonly name: CaseName; readonly title: string }>;
  readonly targets: readonly Target[];
  /** `'fresh'` where what a process has done before would show. @default 'kept' */
  readonly processes?: 'kept' | 'fresh';
  /** What the cases' values are, where they have any. */
  readonly value?: ValueKind;
  /** Where more rounds say no more, or take too long. */
  readonly mostRounds?: number;
  /** Too long for a quick look. */
  readonly isLong?: true;
}

/** What a value counts, and how it is shown. */
export interface ValueKind {
  readonly title: string;
  readonly perUnit: number;
}

/** What `npm run bench -- NAME` measures. */
export interface Suite {
  readonly name: string;
  readonly tables: readonly BenchTable[];
}

export const MEBIBYTES: ValueKind = { title: 'MiB', perUnit: 2 ** 20 };
export const MILLISECONDS: ValueKind = { title: 'ms', perUnit: 1 };
