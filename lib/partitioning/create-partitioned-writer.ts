import { PartitionedWriter } from './partitioned-writer.js';
import type { PartitionedWriterOptions } from './partitioned-writer-options.js';

/**
 * Creates a Writable that puts each record into the archives of its partition, a folder below
 * `directory` that its metadata and its time name. `directory` must exist; the folders are created,
 * and removed when all of their archives are in the store.
 *
 * @throws TypeError, RangeError or TemplateError for options that are invalid, alone or together
 */
export function createPartitionedWriter(options: PartitionedWriterOptions): PartitionedWriter {
  return new PartitionedWriter(options);
}
