import { escapeName } from '../output/escape-name.js';
import { showLiveStatus } from '../output/live-status.js';
import { countOf, formatBytes, formatCount } from '../output/quantities.js';
import type { Terminal } from '../output/terminal.js';
import type { WriterGroup } from './writer-group.js';

/** Shows how far writers are, until that is stopped. */
export function showRecordStatus(
  writers: WriterGroup,
  terminal: Terminal,
  { json: isJson, to }: { readonly json: boolean; readonly to: string | undefined },
): { stop(): void } {
  const lineOf = (perSecond: number) => {
    const stats = writers.stats();
    const { left, shipped, spoolBytes, stalled } = stats;
    const parts = [
      countOf(stats.records, 'record'),
      `${formatCount(perSecond)}/s`,
      `${formatBytes(stats.writtenBytes)} written`,
      // Without a store, nothing is on its way.
      ...(to === undefined
        ? [`${formatCount(stats.sealed)} sealed`]
        : [`${formatBytes(spoolBytes)} in the spool`, `${formatCount(shipped)} shipped`]),
      ...(left > 0 ? [`${countOf(left, 'archive')} to ship`] : []),
      ...(stalled === null ? [] : ['waiting for the disk']),
    ];
    return `${parts.join(', ')}  ${escapeName(writers.archive)}`;
  };
  return showLiveStatus(terminal, {
    ...{ isJson, lineOf },
    records: () => writers.stats().records,
    objectOf(perSecond) {
      const stats = writers.stats();
      const { left, records, sealed, sealedBytes, shipped, spoolBytes, writtenBytes } = stats;
      const status = { type: 'status', records, perSecond, writtenBytes, sealed, sealedBytes };
      return { ...status, spoolBytes, shipped, left };
    },
  });
}
