import type { InputName } from './inputs/input.js';

/** What a case is given when its process starts. */
export interface CaseSetup {
  /** Empty, and the case's own. It is removed at the end. */
  readonly directory: string;
  readonly input: InputName;
  /** The part of the full work to be done: 1, or less for a quick look. */
  readonly scale: number;
}

/** What a round came to. */
export interface Work {
  readonly records: number;
  /** Of payloads and metadata, so that cases of one table compare whatever their formats add. */
  readonly bytes: number;
  /** What is measured where it is not the time: bytes of memory, milliseconds of a percentile. */
  readonly value?: number;
}

/** A case that is ready to be measured. */
export interface PreparedCase {
  /** Makes the next round possible; its time is not measured. */
  reset?(): Promise<void>;
  /** One round: its time is measured until the promise settles. */
  run(): Promise<Work>;
}

/** One kind of work. Runs in a process of its own. */
export type BenchCase = (setup: CaseSetup) => Promise<PreparedCase>;
