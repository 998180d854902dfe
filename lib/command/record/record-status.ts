import { escapeName } from '../output/escape-name.js';
import { answerStatusSignal } from '../output/process-status.js';
import { countOf, formatBytes, formatCount } from '../output/quantities.js';
import type { Terminal } from '../output/terminal.js';
import type { WriterGroup } from './writer-group.js';

/** How often the status is printed as a line of JSON. */
const JSON_INTERVAL_MS = 1000;

/** How often the status line on a terminal is renewed. */
const LINE_INTERVAL_MS = 250;

/** Shows how far writers are, until that is stopped. */
export function showRecordStatus(
  writers: WriterGroup,
  terminal: Terminal,
  { json: isJson, to }: { readonly json: boolean; readonly to: string | undefined },
): { stop(): void } {
  const begunMs = performance.now();
  let [records, ms] = [0, begunMs];
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
  const restore = answerStatusSignal(() => {
    const seconds = (performance.now() - begunMs) / 1000;
    terminal.answer(lineOf(Math.round(writers.stats().records / seconds)));
  });
  const timer = setInterval(
    () => {
      const stats = writers.stats();
      const nowMs = performance.now();
      const perSecond = Math.round(((stats.records - records) * 1000) / (nowMs - ms));
      [records, ms] = [stats.records, nowMs];
      if (isJson) {
        const { left, sealed, sealedBytes, shipped, spoolBytes, writtenBytes } = stats;
        const status = { type: 'status', records, perSecond, writtenBytes, sealed, sealedBytes };
        void terminal.printJson({ ...status, spoolBytes, shipped, left });
      } else {
        terminal.showStatus(lineOf(perSecond));
      }
    },
    isJson ? JSON_INTERVAL_MS : LINE_INTERVAL_MS,
  );
  timer.unref();
  return {
    stop() {
      restore();
      clearInterval(timer);
      terminal.clearStatus();
    },
  };
}
