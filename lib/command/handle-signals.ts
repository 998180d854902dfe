const EXIT_CODES = { SIGINT: 130, SIGTERM: 143 } as const;

/** How the signals of a process end a command. */
export interface HandledSignals {
  /** Aborts at the first SIGINT or SIGTERM. */
  readonly signal: AbortSignal;
  /** The exit code that the first signal asks for; undefined without a signal. */
  readonly exitCode: number | undefined;
  /** Leaves signals to Node again. */
  stop(): void;
}

/** The first SIGINT or SIGTERM aborts the command, which may then clean up; the second one exits. */
export function handleSignals(): HandledSignals {
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
  return {
    signal: controller.signal,
    get exitCode() {
      return exitCode;
    },
    stop() {
      for (const [name, handle] of handlers) process.off(name, handle);
    },
  };
}
