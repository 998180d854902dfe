import type { RecordPlace } from '../../index.js';
import type { AnyWriter } from '../options/writer-options.js';

/** Where a record is, as an answer says it. Each partition has writers of its own: there it is the archive. */
export function describePlace(writer: AnyWriter, { archive, sequence }: RecordPlace): object {
  return 'writer' in writer ? { writer: writer.writer, sequence } : { archive, sequence };
}
