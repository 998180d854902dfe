import type { CloseOptions, CloseResult } from '../../index.js';
import { escapeName } from './escape-name.js';
import { countOf } from './quantities.js';
import type { Terminal } from './terminal.js';

/** A writer, or several that end together. */
export interface ClosableWriter {
  stats(): { readonly records: number; readonly sealed: number };
  close(options?: CloseOptions): Promise<CloseResult>;
}

/**
 * Seals and ships everything, within a deadline.
 *
 * @returns the exit code: 0 if nothing is left; else 1, after naming what is left
 */
export async function closeWriter(
  writer: ClosableWriter,
  deadlineMs: number,
  terminal: Terminal,
): Promise<number> {
  const { left, reason } = await writer.close({ deadlineMs });
  const { records, sealed } = writer.stats();
  terminal.note(`${countOf(records, 'record')} in ${countOf(sealed, 'archive')}`, {
    ...{ event: 'ended', records, sealed, left: left.length },
  });
  if (left.length === 0 && reason === undefined) return 0;
  const why = reason === undefined ? '' : `: ${reason.message}`;
  terminal.warn(`${countOf(left.length, 'archive')} left for the next start${why}`);
  for (const path of left) terminal.warn(`left: ${escapeName(path)}`);
  return 1;
}
