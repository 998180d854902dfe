import { showLiveStatus } from '../output/live-status.js';
import { countOf, formatCount } from '../output/quantities.js';
import type { Terminal } from '../output/terminal.js';
import type { AnyDestination } from './open-target.js';

/** Shows how far a replay is, until that is stopped. Says why records are sent again. */
export function showReplayStatus(
  destination: AnyDestination,
  terminal: Terminal,
  { isJson }: { readonly isJson: boolean },
): { stop(): void } {
  let problem = '';
  destination.on('retry', ({ error, failures }) => {
    // Each failure of a series would fill the screen.
    if (failures === 1) terminal.warn(`${error.message}; trying again`);
    problem = `  ${error.problem}`;
  });
  destination.on('confirmed', () => {
    problem = '';
  });
  const lineOf = (perSecond: number) => {
    const { pending, records, retries } = destination.stats();
    const again = retries === 0 ? '' : `, ${countOf(retries, 'retry', 'retries')}`;
    return (
      `${countOf(records, 'record')} confirmed, ${formatCount(perSecond)}/s, ` +
      `${formatCount(pending)} waiting${again}${problem}`
    );
  };
  return showLiveStatus(terminal, {
    ...{ isJson, lineOf },
    records: () => destination.stats().records,
    objectOf(perSecond) {
      const { bytes, pending, records, retries } = destination.stats();
      return { type: 'status', records, perSecond, bytes, pending, retries };
    },
  });
}
