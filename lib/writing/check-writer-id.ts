import { ArchiveError } from '../errors/archive-error.js';
import type { FileLayer } from '../files/file-layer.js';
import type { ArchiveTemplate } from '../series/names/archive-template.js';
import type { Clock } from '../streams/clock.js';
import { findOwnArchive } from './find-own-archive.js';
import type { ArchiveHandler } from './handlers/archive-handler.js';
import type { ArchiveShipper } from './handlers/archive-shipper.js';
import { patternsOfSeries } from './series-locations.js';
import type { DiskRetry } from './sink/disk-retry.js';

export interface WriterIdCheck {
  readonly directory: string;
  readonly template: ArchiveTemplate;
  /** They may have moved archives. */
  readonly handlers: readonly ArchiveHandler[];
  /** The writer's id, 16 hex digits. */
  readonly writer: string;
  readonly shipper: Pick<ArchiveShipper, 'findArchiveOf'> | undefined;
  readonly files: FileLayer;
  readonly clock: Clock;
  /** How long the store may take to answer. A listing of 100,000 objects takes some 10 s. */
  readonly endTimeoutMs: number;
  readonly retry: DiskRetry;
  /** Ends the waiting for the store: the writer must end. */
  readonly signal: AbortSignal;
}

/**
 * Checks that no archive in the writer's directory, in those of its handlers or in its store holds
 * records with the id that the user has given: an identity is used once, and the sequences of this
 * writer begin at 0. The local archives come first: one that is shipped meanwhile is then found in
 * the store.
 *
 * @throws ArchiveError `ERR_WRITER_ID_TAKEN` if one does; `ERR_WRITER_ID_UNCHECKED` if the store does
 *   not say in time: the writer neither waits for a dead store nor risks a second use
 */
export async function checkWriterId(check: WriterIdCheck): Promise<void> {
  const { directory, files, handlers, retry, template, writer } = check;
  const patterns = patternsOfSeries({ directory, names: template.pattern }, handlers);
  const places = { directory, patterns: patterns.filter((pattern) => typeof pattern === 'string') };
  const step = { operation: 'open', archive: undefined } as const;
  const local = await retry.run(step, () => findOwnArchive(places, writer, files));
  const path = local ?? (await findStored(check));
  if (path === undefined) return;
  const message = `writerId is ${writer}, but ${path} already holds records of this writer`;
  throw new ArchiveError('ERR_WRITER_ID_TAKEN', message);
}

async function findStored({
  clock,
  endTimeoutMs,
  shipper,
  signal,
  writer,
}: WriterIdCheck): Promise<string | undefined> {
  const ending = new AbortController();
  const abort = () => ending.abort(signal.reason);
  const timer = clock.setTimer(() => ending.abort(late(endTimeoutMs)), endTimeoutMs);
  timer.ref();
  signal.addEventListener('abort', abort);
  if (signal.aborted) abort();
  try {
    return await shipper?.findArchiveOf?.(writer, ending.signal);
  } catch (cause) {
    const problem = cause instanceof Error ? cause.message : String(cause);
    throw new ArchiveError(
      'ERR_WRITER_ID_UNCHECKED',
      `writerId is ${writer}, but the store does not say whether it holds records of this writer: ` +
        problem,
      { cause },
    );
  } finally {
    timer.cancel();
    signal.removeEventListener('abort', abort);
  }
}

function late(timeoutMs: number): Error {
  return new Error(`no answer within ${timeoutMs} ms`);
}
