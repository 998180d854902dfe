import { asText, flag, option } from './option.js';

/** The options of every command. */
export const GENERAL_OPTIONS = {
  quiet: flag('-q, --quiet', 'say nothing but errors'),
  debug: flag('--debug', 'show errors with their stacks'),
  config: option('--config <file>', 'read options from this JSON file', asText),
  printConfig: flag('--print-config', 'print each option, its value and its origin, and exit'),
} as const;
