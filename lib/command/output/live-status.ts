import { answerStatusSignal } from './process-status.js';
import type { Terminal } from './terminal.js';

/** How often the status is printed as a line of JSON. */
const JSON_INTERVAL_MS = 1000;

/** How often the status line on a terminal is renewed. */
const LINE_INTERVAL_MS = 250;

/** The progress of a long command. */
export interface LiveStatus {
  readonly isJson: boolean;
  /** The records so far. */
  records(): number;
  /** The line on a terminal, and the answer to SIGUSR1. */
  lineOf(perSecond: number): string;
  /** The object of a line of JSON. */
  objectOf(perSecond: number): object;
}

/** Shows how far a command is, until it is stopped: on a terminal, or as lines of JSON. */
export function showLiveStatus(
  terminal: Terminal,
  { isJson, lineOf, objectOf, records }: LiveStatus,
): { stop(): void } {
  const begunMs = performance.now();
  let [before, beforeMs] = [0, begunMs];
  const restore = answerStatusSignal(() => {
    const seconds = (performance.now() - begunMs) / 1000;
    terminal.answer(lineOf(Math.round(records() / seconds)));
  });
  const timer = setInterval(
    () => {
      const [now, nowMs] = [records(), performance.now()];
      const perSecond = Math.round(((now - before) * 1000) / (nowMs - beforeMs));
      [before, beforeMs] = [now, nowMs];
      if (isJson) void terminal.printJson(objectOf(perSecond));
      else terminal.showStatus(lineOf(perSecond));
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
