import { oneOf, optionWithDefault } from './option.js';

/** The options of commands that run for long. */
export const LOG_OPTIONS = {
  logLevel: optionWithDefault(
    '--log-level <level>',
    'log what is at least so important: debug, info, warn or error',
    'info',
    oneOf('debug', 'info', 'warn', 'error'),
  ),
  logFormat: optionWithDefault(
    '--log-format <format>',
    'text, json, or auto: JSON lines with --json, and if stderr is no terminal',
    'auto',
    oneOf('auto', 'text', 'json'),
  ),
} as const;
