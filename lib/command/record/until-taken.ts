import { describeError } from '../output/describe-error.js';
import type { RecordRun } from './record-run.js';

/**
 * Waits until writers have taken what was read, as long as the deadline allows it after the end of the input.
 *
 * @throws Error that says what the writers wait for
 */
export async function untilTaken(
  taken: Promise<unknown>,
  { ending, writers }: Pick<RecordRun, 'ending' | 'writers'>,
): Promise<void> {
  const { isTakingOver } = ending;
  let giveUp = () => {};
  const overdue = new Promise<'overdue'>((resolve) => {
    giveUp = () => resolve('overdue');
  });
  if (isTakingOver.aborted) giveUp();
  else isTakingOver.addEventListener('abort', giveUp);
  try {
    if ((await Promise.race([taken, overdue])) !== 'overdue') return;
  } finally {
    isTakingOver.removeEventListener('abort', giveUp);
  }
  // It may fail later, when the writer is closed.
  taken.catch(() => undefined);
  const { stalled } = writers.stats();
  const reason =
    stalled === null
      ? 'the spool is full'
      : `${stalled.operation} fails: ${await describeError(stalled.error)}`;
  throw new Error(`not everything that was read is archived, because ${reason}`);
}
