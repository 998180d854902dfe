import { type OptionNames, readOptions } from '../format/option-names.js';
import { parseChoice } from '../format/option-values.js';
import type { ReceiptLevel } from './receipts/receipt-level.js';

/** What `flush` waits for. */
export interface FlushOptions {
  /** `sealed` and `shipped` seal the open archive now. @default 'synced' */
  readonly until?: ReceiptLevel | undefined;
}

/** How long `close` may take. */
export interface CloseOptions {
  /**
   * How long `close` waits for the store, handlers, recoveries and listings, and for a disk that
   * refuses to write, in ms from the call. Then it gives up what is under way, and settles within
   * about a second. Sealing takes as long as the disk needs for it.
   *
   * @default endTimeout, from the sealing on
   */
  readonly deadlineMs?: number | undefined;
}

/** The state when `close` settles. Everything is sealed on disk. */
export interface CloseResult {
  /** Archives that are in the store. */
  readonly shipped: number;
  /**
   * Paths of archives that are not in the store, oldest first: the next writer of the directory
   * ships them.
   */
  readonly left: readonly string[];
  /**
   * Why not everything was done: why the oldest archive in `left` that has failed is not in the
   * store; otherwise a `DeadlineError`, if the time was over before the store, a handler or a
   * recovery had ended. Absent if everything was done.
   */
  readonly reason?: Error;
}

const FLUSH_OPTION_NAMES: OptionNames<FlushOptions> = { until: true };

const CLOSE_OPTION_NAMES: OptionNames<CloseOptions> = { deadlineMs: true };

/** @throws TypeError for an unknown level or option */
export function parseFlushOptions(given: FlushOptions | undefined): ReceiptLevel {
  const { until } = readOptions(given, FLUSH_OPTION_NAMES);
  return parseChoice('until', until, ['synced', 'written', 'sealed', 'shipped']);
}

/** @throws TypeError for an unknown option */
export function parseCloseOptions(given: CloseOptions | undefined): CloseOptions {
  return readOptions(given, CLOSE_OPTION_NAMES);
}
