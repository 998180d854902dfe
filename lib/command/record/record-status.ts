import type { ArchiveWriter } from '../../index.js';
import { countOf, formatBytes, formatCount } from '../output/quantities.js';
import type { Terminal } from '../output/terminal.js';

/** How often the status is printed as a line of JSON. */
const JSON_INTERVAL_MS = 1000;

/** How often the status line on a terminal is renewed. */
const LINE_INTERVAL_MS = 250;

/** Shows how far a writer is, until it is stopped. */
export function showRecordStatus(
  writer: ArchiveWriter,
  terminal: Terminal,
  { isJson }: { readonly isJson: boolean },
): { stop(): void } {
  let [records, ms] = [0, performance.now()];
  let archive = '';
  writer.on('open', ({ name }) => {
    archive = name;
  });
  const timer = setInterval(
    () => {
      const stats = writer.stats();
      const nowMs = performance.now();
      const perSecond = Math.round(((stats.records - records) * 1000) / (nowMs - ms));
      [records, ms] = [stats.records, nowMs];
      const { left, sealed, sealedBytes, shipped } = stats;
      if (isJson) {
        const status = { type: 'status', records, perSecond, sealed, sealedBytes, shipped, left };
        void terminal.printJson(status);
        return;
      }
      const waiting = left === 0 ? '' : `, ${countOf(left, 'archive')} to ship`;
      terminal.showStatus(
        `${countOf(records, 'record')}, ${formatCount(perSecond)}/s, ` +
          `${formatBytes(sealedBytes)} sealed, ${formatCount(shipped)} shipped${waiting}  ${archive}`,
      );
    },
    isJson ? JSON_INTERVAL_MS : LINE_INTERVAL_MS,
  );
  timer.unref();
  return {
    stop() {
      clearInterval(timer);
      terminal.clearStatus();
    },
  };
}
