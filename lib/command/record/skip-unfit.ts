import type { ArchiveWriterOptions, InvalidRecord } from '../../index.js';
import type { RecordRun } from './record-run.js';

/** A writer that may be asked to skip. */
interface SkippingWriter {
  on(event: 'invalid', listener: (skipped: InvalidRecord) => void): unknown;
}

/**
 * One line whose record no archive can hold, such as one whose metadata name no folder, must not end
 * a run that lines without JSON do not end either.
 */
export function unfitOptionsOf({ options }: RecordRun): Pick<ArchiveWriterOptions, 'invalid'> {
  return { invalid: options.input === 'json' && !options.strict ? 'skip' : 'fail' };
}

/** Keeps the lines that a writer skips, and says why it skips the first of them. */
export function keepUnfit(writer: SkippingWriter, { rejects, terminal }: RecordRun): void {
  let isFirst = true;
  writer.on('invalid', ({ reason, record }) => {
    if (isFirst) terminal.warn(`a line is skipped: ${reason.message}`);
    isFirst = false;
    const payload = typeof record === 'object' && record !== null && 'payload' in record;
    if (payload && record.payload instanceof Uint8Array) rejects?.add(record.payload);
  });
}
