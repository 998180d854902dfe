import { type Channel, channel } from 'node:diagnostics_channel';

import { monotonicMs } from '../format/timers.js';

/** Bytes were written to the file of an open archive. */
export interface WriteDiagnostics {
  /** The path of the file, `NAME.open`. */
  readonly path: string;
  /** How many bytes this write has appended. */
  readonly bytes: number;
  /** How many records the archive has with them. */
  readonly records: number;
  readonly durationMs: number;
}

/** A writer has completed an archive and continues in a new one. The old one is sealed next. */
export interface RollDiagnostics {
  /** The name that the template gives the archive; if it is taken, the file has another one. */
  readonly name: string;
  /** The writer's id, 16 hex digits. */
  readonly writer: string;
  /** The archive's number within its writer, from 0. */
  readonly ordinal: number;
  readonly records: number;
  readonly bytes: number;
}

/** An fsync of an archive's file has returned. */
export interface SyncDiagnostics {
  /** The path of the file, `NAME.open`. */
  readonly path: string;
  /** How many bytes the file has, as far as appends had succeeded when the sync began. */
  readonly bytes: number;
  readonly durationMs: number;
  /** Node's error of the system call; absent if the sync succeeded. */
  readonly error?: unknown;
}

/** An archive is complete and synced under its final name. */
export interface SealDiagnostics {
  readonly path: string;
  readonly name: string;
  /** The writer's id, 16 hex digits. */
  readonly writer: string;
  /** The archive's number within its writer, from 0. */
  readonly ordinal: number;
  readonly records: number;
  readonly bytes: number;
  /** From the last write to the final name. Includes waiting for the syncs before. */
  readonly durationMs: number;
}

/** An attempt to ship an archive has ended. */
export interface ShipDiagnostics {
  /** The path of the local file. */
  readonly path: string;
  readonly name: string;
  /** The size of the local file. */
  readonly bytes: number;
  /** The store's name, such as `s3://bucket/prefix`. */
  readonly store: string;
  /**
   * `succeeded`: the store has confirmed the archive, and the local file is settled. `failed`: a
   * writer repeats the attempt, unless another process has taken the file; `shipArchives` repeats
   * it if the store may answer later. `aborted`: the writer has ended, and the next one repeats it,
   * or a signal has ended `shipArchives`.
   */
  readonly outcome: 'succeeded' | 'failed' | 'aborted';
  /** 1 for the first attempt of this process. */
  readonly attempt: number;
  readonly durationMs: number;
  /** The key of the object, if it succeeded. */
  readonly key?: string;
  /** The size of the object, if it succeeded. */
  readonly storedBytes?: number;
  /** Why it did not succeed. */
  readonly error?: unknown;
}

/** A step that has failed is about to be repeated. */
export interface RetryDiagnostics {
  /** A step on the disk: `open`, `create`, `write`, `sync` or `seal`; or `ship`. */
  readonly operation: string;
  /** The archive's name; undefined if the step is not about an archive. */
  readonly archive: string | undefined;
  /** The number of the attempt that begins: at least 2. */
  readonly attempt: number;
  /** Why the attempt before it failed. */
  readonly error: unknown;
}

/** The disk refuses a step of a writer, or no longer does. */
export interface StallDiagnostics {
  /** `begin` when the step fails for the first time; `end` when it has succeeded, or is given up. */
  readonly phase: 'begin' | 'end';
  /** `open`, `create`, `write`, `sync` or `seal`. */
  readonly operation: string;
  /** The archive's name; undefined if the step is not about an archive. */
  readonly archive: string | undefined;
  /** The last failure. */
  readonly error: unknown;
  /** How long the step has been failing: 0 at its begin. */
  readonly durationMs: number;
}

/** A reader has decoded records of an archive, from one or more blocks. */
export interface ReadDiagnostics {
  /** The path of the file, or the URL of the object. */
  readonly archive: string;
  /** How many records passed the reader's filters. At least 1. */
  readonly records: number;
  /** Bytes of their payloads. */
  readonly bytes: number;
}

interface Messages {
  readonly write: WriteDiagnostics;
  readonly roll: RollDiagnostics;
  readonly sync: SyncDiagnostics;
  readonly seal: SealDiagnostics;
  readonly ship: ShipDiagnostics;
  readonly retry: RetryDiagnostics;
  readonly stall: StallDiagnostics;
  readonly read: ReadDiagnostics;
}

/**
 * The channels of `node:diagnostics_channel` on which the library publishes, and their messages.
 * Subscribers are called synchronously and get a message that is theirs. An error that one throws
 * is an uncaught exception of the process, and does not reach the writer or reader.
 */
export type DiagnosticsMessages = {
  readonly [Name in keyof Messages as `shoebox-archive:${Name}`]: Messages[Name];
};

/** The channels are kept here: Node forgets a channel that nothing refers to. */
const CHANNELS: Readonly<Record<keyof Messages, Channel>> = {
  write: channel('shoebox-archive:write'),
  roll: channel('shoebox-archive:roll'),
  sync: channel('shoebox-archive:sync'),
  seal: channel('shoebox-archive:seal'),
  ship: channel('shoebox-archive:ship'),
  retry: channel('shoebox-archive:retry'),
  stall: channel('shoebox-archive:stall'),
  read: channel('shoebox-archive:read'),
};

/** Publishes a message, which is made only if the channel has subscribers. */
export function publish<Name extends keyof Messages>(
  name: Name,
  message: () => Messages[Name],
): void {
  const target = CHANNELS[name];
  if (target.hasSubscribers) target.publish(message());
}

/** Ends an attempt to ship an archive, which is published with its duration. */
export type EndShipping = (
  outcome: ShipDiagnostics['outcome'],
  more: Pick<ShipDiagnostics, 'key' | 'storedBytes' | 'error'>,
) => void;

/**
 * Begins an attempt to ship an archive.
 *
 * @param failure why the attempt before it failed, if there was one
 */
export function beginShipping(
  facts: Pick<ShipDiagnostics, 'path' | 'name' | 'bytes' | 'store' | 'attempt'>,
  failure: unknown,
): EndShipping {
  const { attempt, bytes, name, path, store } = facts;
  if (attempt > 1) {
    publish('retry', () => ({ operation: 'ship', archive: name, attempt, error: failure }));
  }
  const begunMs = monotonicMs();
  return (outcome, more) =>
    publish('ship', () => {
      const durationMs = monotonicMs() - begunMs;
      return { path, name, bytes, store, outcome, attempt, durationMs, ...more };
    });
}
