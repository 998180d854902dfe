import type { DestinationStream, Logger } from 'pino';

import type { LOG_OPTIONS } from '../options/log-options.js';
import type { ValuesOf } from '../options/option.js';
import { MESSAGE_LEVELS, type Terminal } from './terminal.js';

export interface LogValues extends ValuesOf<typeof LOG_OPTIONS> {
  readonly json: boolean;
}

/**
 * Chooses how a command that runs for long says what happens: to people as text, to programs as
 * JSON lines of pino, both on stderr.
 */
export async function startLog(
  terminal: Terminal,
  { json, logFormat, logLevel }: LogValues,
): Promise<void> {
  terminal.setLevel(logLevel);
  const isText = logFormat === 'auto' ? !json && terminal.host.stderr.isTTY === true : false;
  if (isText || logFormat === 'text') return;
  const { stderr } = terminal.host;
  const logger = await createLogger({ write: (line) => stderr.write(line) });
  const answers = logger.child({ event: 'status' }, { level: 'info' });
  logger.level = terminal.level;
  terminal.redirect({
    tell: (level, text, facts) => logger[level](facts, text),
    answer: (text) => answers.info(text),
  });
  // A specification runs commands in a process of its own.
  if (stderr === process.stderr) logWarnings(terminal);
}

/** Loads pino, which text does not need. */
async function createLogger(destination: DestinationStream): Promise<Logger> {
  const { pino } = await import('pino');
  const options = {
    level: MESSAGE_LEVELS[0] ?? 'debug',
    base: { name: 'shoebox', pid: process.pid },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  return pino(options, destination);
}

/** Logs the warnings that would be printed as text. */
function logWarnings(terminal: Terminal): void {
  process.removeAllListeners('warning');
  process.on('warning', ({ message, name }) => {
    if (name === 'ShoeboxWarning') terminal.warn(message, { event: 'warning' });
  });
}
