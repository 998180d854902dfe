import type { RollingReadOptions } from '../../index.js';
import type { ValuesOf } from './option.js';
import {
  type ORDER_OPTION,
  type S3_OPTIONS,
  type SELECTION_OPTIONS,
  s3OptionsOf,
} from './shared-options.js';
import { UsageError } from './usage-error.js';
import { whereOf } from './where-option.js';

/** The options of a reader that `--since`, `--until`, `--where`, `--order` and those of S3 stand for. */
export function readSelection(
  options: ValuesOf<typeof SELECTION_OPTIONS & typeof S3_OPTIONS> &
    Partial<ValuesOf<typeof ORDER_OPTION>>,
): Pick<RollingReadOptions, 'from' | 'to' | 'where' | 'order' | 's3'> {
  const { since, until } = options;
  if (since !== undefined && until !== undefined && Date.parse(until) < Date.parse(since)) {
    throw new UsageError(`--until is ${until}, expected a time from --since on, ${since}`);
  }
  return {
    ...(since !== undefined && { from: since }),
    ...(until !== undefined && { to: until }),
    where: whereOf(options.where),
    ...(options.order !== undefined && { order: options.order }),
    s3: s3OptionsOf(options),
  };
}
