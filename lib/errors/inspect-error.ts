import { type InspectOptions, inspect } from 'node:util';

import { toLines, toMessage } from './show.js';

/** How much of each text in a field is shown. */
const FIELD_CHARACTERS = 1000;

/**
 * What `console.log` shows of an error, its causes and its fields: as Node does, but short, without
 * secrets, and without characters that move the cursor or reorder text.
 */
export function inspectError(error: Error, depth: number, options: InspectOptions): string {
  // Node shows no more than the class of what lies deeper than it looks.
  if (depth < 0) return `[${error.name}: ${toMessage(error.message)}]`;
  const maxStringLength = Math.min(options.maxStringLength ?? FIELD_CHARACTERS, FIELD_CHARACTERS);
  return toLines(inspect(error, { ...options, depth, maxStringLength, customInspect: false }));
}
