import type { ArchiveWriterEvents } from '../../index.js';
import { escapeName } from './escape-name.js';
import { countOf, formatBytes } from './quantities.js';
import type { Terminal } from './terminal.js';

/** The events of a writer that are logged. */
type LoggedEvents = Pick<
  ArchiveWriterEvents,
  | 'open'
  | 'sealed'
  | 'shipped'
  | 'recovered'
  | 'dropped'
  | 'failed'
  | 'stalled'
  | 'resumed'
  | 'lost'
>;

/** A writer, or several that report as one. */
export interface LoggedWriter {
  on<Name extends keyof LoggedEvents>(
    event: Name,
    listener: (...args: LoggedEvents[Name]) => void,
  ): unknown;
}

/**
 * Logs what a writer does: each archive, and what fails. A failure that is repeated is logged once,
 * until an archive is shipped.
 */
export function logWriter(writer: LoggedWriter, terminal: Terminal): void {
  let lastFailure: string | undefined;
  writer.on('open', ({ name, path }) => {
    terminal.debug(`opened ${escapeName(name)}`, { event: 'open', archive: path });
  });
  writer.on('sealed', ({ bytes, name, path, records }) => {
    const size = `${countOf(records, 'record')}, ${formatBytes(bytes)}`;
    const facts = { event: 'sealed', archive: path, records, bytes };
    terminal.log(`sealed ${escapeName(name)}: ${size}`, facts);
  });
  writer.on('shipped', ({ evidence, key, name, path, store, storedBytes }) => {
    lastFailure = undefined;
    const facts = { event: 'shipped', archive: path, store, key, storedBytes, evidence };
    terminal.log(`shipped ${escapeName(name)} to ${escapeName(`${store}/${key}`)}`, facts);
  });
  writer.on('recovered', ({ name, path, records }) => {
    const facts = { event: 'recovered', archive: path, records };
    terminal.log(`recovered ${escapeName(name)}: ${countOf(records, 'record')}`, facts);
  });
  writer.on('dropped', ({ bytes, name, path }) => {
    const facts = { event: 'dropped', archive: path, bytes };
    terminal.warn(`dropped ${escapeName(name)}, because the spool is full`, facts);
  });
  writer.on('failed', ({ archive, error, operation }) => {
    const failure = `${operation} of ${escapeName(archive.name)} failed: ${messageOf(error)}`;
    const facts = { event: 'failed', archive: archive.path, operation, ...codeOf(error) };
    if (failure === lastFailure) terminal.debug(failure, facts);
    else terminal.warn(failure, facts);
    lastFailure = failure;
  });
  writer.on('stalled', ({ archive, error, operation }) => {
    const facts = { event: 'stalled', archive, operation, ...codeOf(error) };
    const text = `waiting, because ${stepOf(operation, archive)} fails: ${messageOf(error)}`;
    terminal.warn(text, facts);
  });
  writer.on('resumed', ({ archive, operation }) => {
    const facts = { event: 'resumed', archive, operation };
    terminal.note(`continuing: ${stepOf(operation, archive)} has succeeded`, facts);
  });
  writer.on('lost', ({ archive, error, records }) => {
    const text = `up to ${countOf(records, 'record')} of ${escapeName(archive.name)} are lost`;
    terminal.fail(error, `${text}: ${error.message}`);
  });
}

function stepOf(operation: string, archive: string | undefined): string {
  return archive === undefined ? operation : `${operation} of ${escapeName(archive)}`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function codeOf(error: unknown): { readonly code?: unknown } {
  return error instanceof Error && 'code' in error ? { code: error.code } : {};
}
