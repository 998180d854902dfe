import type { Host } from './output/terminal.js';

const EXIT_CODES = { SIGINT: 130, SIGTERM: 143 } as const;

/** How the signals of a process end a command. */
export interface HandledSignals {
  /** Aborts at the first SIGINT or SIGTERM, or when the terminal has gone. */
  readonly signal: AbortSignal;
  /** The exit code that the first signal asks for; undefined without a signal. */
  readonly exitCode: number | undefined;
  /** Leaves signals to Node again. */
  stop(): void;
}

/** The exit code of a command whose terminal has gone. */
const HUNG_UP = 129;

/**
 * The first SIGINT or SIGTERM aborts the command, which may then clean up; the second one exits.
 *
 * SIGHUP aborts a command that reads from or writes to a terminal. The system may send it twice, so
 * a second one does not exit. A command without a terminal, such as a service or one under `nohup`,
 * ignores it. `nohup` has arranged that, but Node undoes it at its start.
 */
export function handleSignals({ stderr, stdin, stdout }: Host): HandledSignals {
  const controller = new AbortController();
  let exitCode: number | undefined;
  const handlers = Object.entries(EXIT_CODES).map(([name, code]) => {
    const handle = () => {
      if (exitCode !== undefined) process.exit(code);
      exitCode = code;
      controller.abort();
    };
    process.on(name, handle);
    return [name, handle] as const;
  });
  const isAtTerminal = [stdin, stdout, stderr].some(({ isTTY }) => isTTY === true);
  const hangUp = () => {
    if (!isAtTerminal) return;
    exitCode ??= HUNG_UP;
    // Node fails to restore the settings of a terminal that has gone, and would abort at its end.
    if (stderr === process.stderr) process.once('exit', () => process.kill(process.pid, 'SIGHUP'));
    controller.abort();
  };
  process.on('SIGHUP', hangUp);
  return {
    signal: controller.signal,
    get exitCode() {
      return exitCode;
    },
    stop() {
      for (const [name, handle] of handlers) process.off(name, handle);
      process.off('SIGHUP', hangUp);
    },
  };
}
