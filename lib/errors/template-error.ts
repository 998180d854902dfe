import { type InspectOptions, inspect } from 'node:util';

import { inspectError } from './inspect-error.js';
import { quote, toMessage } from './show.js';
/**
 * A template is invalid: its names would not be files in the archive's directory. Thrown at once.
 */
export class TemplateError extends RangeError {
  override readonly name = 'TemplateError';
  readonly code = 'ERR_INVALID_TEMPLATE';
  readonly template: string;

  constructor(template: string, problem: string) {
    super(toMessage(`template ${quote(template)} ${problem}`));
    this.template = template;
  }

  [inspect.custom](depth: number, options: InspectOptions): string {
    return inspectError(this, depth, options);
  }
}
