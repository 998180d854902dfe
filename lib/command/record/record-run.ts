import type { Terminal } from '../output/terminal.js';
import type { InputParsers } from './parsing/input-parsers.js';
import type { RejectsFile } from './parsing/rejects-file.js';
import type { RecordValues } from './record-options.js';
import type { RunEnding } from './run-ending.js';
import type { WriterGroup } from './writer-group.js';

/** How a run ended: with everything sealed that was read, or not. */
export type RunEnd = 'all is sealed' | 'failed';

/** One call of `shoebox record`: what every kind of input needs. */
export interface RecordRun {
  /** The directory of the archives. */
  readonly directory: string;
  readonly options: RecordValues;
  readonly terminal: Terminal;
  /** Aborts at the first SIGINT or SIGTERM. */
  readonly signal: AbortSignal;
  /** How long the run may take to end. */
  readonly ending: RunEnding;
  /** The writers of the run: an input adds its own. They are closed after the input has ended. */
  readonly writers: WriterGroup;
  /** Turn the bytes of an input into records. */
  readonly parsers: InputParsers;
  /** The lines and messages that are no records. */
  readonly rejects: RejectsFile | undefined;
  /** The known bytes of files that were gone before they were archived. */
  missedBytes: number;
  /** Messages of a broker that no archive can hold. */
  skippedMessages: number;
  /** Called when all writers are closed, or one of them has failed. */
  readonly afterClose: ((ended: RunEnd) => Promise<void>)[];
}

/**
 * Archives an input until it ends, until the signal, or until an error. Leaves the writers open.
 *
 * @returns the error that ended it; undefined without one
 */
export type ArchiveInput = (run: RecordRun) => Promise<unknown>;
