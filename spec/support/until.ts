export interface UntilOptions {
  /** Names the condition in the error. @default the condition's source */
  readonly what?: string;
  /** After so long the wait fails. @default 15 s, which is less than mocha gives a spec */
  readonly mostMs?: number;
  /** The pause between two calls. @default one turn of the event loop */
  readonly everyMs?: number;
}

/**
 * Waits until a condition holds, which may itself do what brings that about, such as advancing a
 * clock. Rejects after `mostMs` with an error that says what did not happen: mocha's own timeout
 * would leave the loop running, and the process alive.
 */
export async function until(
  isMet: () => boolean | Promise<boolean>,
  { what = String(isMet), mostMs = 15_000, everyMs }: UntilOptions = {},
): Promise<void> {
  const begunMs = performance.now();
  while (!(await isMet())) {
    if (performance.now() - begunMs > mostMs) {
      throw new Error(`did not happen within ${mostMs} ms: ${what}`);
    }
    await pause(everyMs);
  }
}

// Specs may replace Node's timers while they wait.
const { setImmediate, setTimeout } = globalThis;

function pause(ms: number | undefined): Promise<void> {
  return new Promise((resolve) => {
    if (ms === undefined) setImmediate(resolve);
    else setTimeout(resolve, ms);
  });
}
