import type { InputName } from './inputs/input.js';

/** The arguments of a case. */
export interface CaseSetup {
  /** An empty directory for this case. The bench removes it at the end. */
  readonly directory: string;
  readonly input: InputName;
  /** The share of the full work to do: 1, or less for a quick run. */
  readonly scale: number;
}

/** The result of one round. */
export interface Work {
  readonly records: number;
  /**
   * Bytes of payloads and metadata, without what a format adds, so that the cases of a table
   * compare.
   */
  readonly bytes: number;
  /** The measured value if it is not the time: bytes of memory, or milliseconds of a percentile. */
  readonly value?: number;
  /** CPU time, if the work is done by other processes. */
  readonly cpuMs?: number;
}

/** A case that is ready to be measured. */
export interface PreparedCase {
  /** Prepares the next round. Its time does not count. */
  reset?(): Promise<void>;
  /** Runs one round. Its time counts until the promise settles. */
  run(): Promise<Work>;
}

/** Creates a case: one kind of work, in its own process. */
export type BenchCase = (setup: CaseSetup) => Promise<PreparedCase>;
