import { setTimeout } from 'node:timers/promises';

import { systemCodeOf } from '../../options/system-code.js';

/** How often a full disk is tried again. */
const RETRY_MS = 1000;

export interface WaitForRoom {
  /** Ends the waiting. */
  readonly signal: AbortSignal;
  /** Says once that it waits. */
  readonly onNote: (text: string) => void;
}

/**
 * Does what needs room on a disk, again and again until there is some.
 *
 * @throws what the step throws for another reason, or after the signal
 */
export async function waitForRoom<Result>(
  step: () => Promise<Result>,
  { onNote, signal }: WaitForRoom,
): Promise<Result> {
  for (let failures = 0; ; failures++) {
    try {
      return await step();
    } catch (error) {
      if (!isDiskFull(error) || signal.aborted) throw error;
      const reason = error instanceof Error ? error.message : String(error);
      if (failures === 0) onNote(`waiting for room on the disk: ${reason}`);
      await setTimeout(RETRY_MS, undefined, { signal }).catch(() => undefined);
    }
  }
}

export function isDiskFull(error: unknown): boolean {
  return ['ENOSPC', 'EDQUOT'].includes(systemCodeOf(error) ?? '');
}
