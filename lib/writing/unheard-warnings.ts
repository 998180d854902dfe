import { isError } from '../errors/is-error.js';
import { StoreError } from '../errors/store-error.js';
import { createWarnOnce } from '../errors/warn-once.js';
import type { ArchiveWriterEvents } from './archive-writer-events.js';

/** What to do about events that no listener hears. */
export type UnheardEvents = {
  readonly [Name in keyof ArchiveWriterEvents]?: (...args: ArchiveWriterEvents[Name]) => void;
};

/** From this one on, failures that may pass by themselves are worth a warning. */
const LASTING_FAILURES = 5;

/**
 * Warns the process of failures that no listener hears. Otherwise a writer with a wrong bucket, or
 * one that waits for a full disk, would say nothing until its end. It warns once of each operation,
 * because the failures repeat.
 */
export function createUnheardWarnings(): UnheardEvents {
  const warn = createWarnOnce();
  let passing = 0;
  return {
    failed({ archive, error, operation }) {
      const isOfStore = error instanceof StoreError;
      // Tidying up, which loses nothing. If the store is the cause, shipping fails, too.
      if (operation === 'abort-upload' || (operation === 'journal' && isOfStore)) return;
      if (isOfStore && error.transient && ++passing < LASTING_FAILURES) return;
      const failure = `${operation} of ${archive.name} failed: ${messageOf(error)}`;
      warn('SHOEBOX_FAILED', operation, `${failure} (the writer's event "failed" reports all)`);
    },
    stalled({ archive, error, operation }) {
      const step = archive === undefined ? operation : `${operation} of ${archive}`;
      const stall = `the writer waits, because ${step} fails: ${messageOf(error)}`;
      warn('SHOEBOX_STALLED', '', `${stall} (the writer's event "stalled" reports all)`);
    },
    lost({ archive, error, records }) {
      const loss = `up to ${records} records are lost: ${messageOf(error)}`;
      warn('SHOEBOX_LOST', archive.name, `${loss} (the writer's event "lost" reports all)`);
    },
  };
}

function messageOf(error: unknown): string {
  return isError(error) ? error.message : String(error);
}
