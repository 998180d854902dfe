import { type InspectOptions, inspect } from 'node:util';

import { inspectError } from './inspect-error.js';
import { quote, toMessage } from './show.js';

/** A pattern has what no glob may have. Thrown when it is looked for, because a file of its name wins. */
export class GlobError extends TypeError {
  override readonly name = 'GlobError';
  readonly code = 'ERR_INVALID_GLOB';
  readonly glob: string;

  constructor(glob: string, problem: string) {
    super(toMessage(`pattern ${quote(glob)} has ${problem}`));
    this.glob = glob;
  }

  [inspect.custom](depth: number, options: InspectOptions): string {
    return inspectError(this, depth, options);
  }
}
