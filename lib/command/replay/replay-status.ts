import { answerStatusSignal } from '../output/process-status.js';
import { countOf, formatCount } from '../output/quantities.js';
import type { Terminal } from '../output/terminal.js';
import type { AnyDestination } from './open-target.js';

/** How often the status is printed as a line of JSON. */
const JSON_INTERVAL_MS = 1000;

/** How often the status line on a terminal is renewed. */
const LINE_INTERVAL_MS = 250;

/** Shows how far a replay is, until that is stopped. Says why records are sent again. */
export function showReplayStatus(
  destination: AnyDestination,
  terminal: Terminal,
  { isJson }: { readonly isJson: boolean },
): { stop(): void } {
  const begunMs = performance.now();
  let [before, beforeMs] = [0, begunMs];
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
  const restore = answerStatusSignal(() => {
    const seconds = (performance.now() - begunMs) / 1000;
    terminal.answer(lineOf(Math.round(destination.stats().records / seconds)));
  });
  const timer = setInterval(
    () => {
      const { bytes, pending, records, retries } = destination.stats();
      const nowMs = performance.now();
      const perSecond = Math.round(((records - before) * 1000) / (nowMs - beforeMs));
      [before, beforeMs] = [records, nowMs];
      if (isJson) {
        void terminal.printJson({ type: 'status', records, perSecond, bytes, pending, retries });
      } else terminal.showStatus(lineOf(perSecond));
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
