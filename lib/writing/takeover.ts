import { dirname, join } from 'node:path';

import { ArchiveError } from '../errors/archive-error.js';
import { untilAborted } from '../streams/until-aborted.js';
import { findOwnArchive } from './find-own-archive.js';
import { DirectoryRecovery, type DirectoryRecoveryOptions } from './recovery/directory-recovery.js';
import { checkDirectory } from './rolling/archive-directory.js';
import type { LostRecords } from './sink/archive-sink.js';
import type { DiskRetry } from './sink/disk-retry.js';

export interface TakeoverOptions extends DirectoryRecoveryOptions {
  readonly retry: DiskRetry;
  /** The writer's id, 16 hex digits, if it was chosen by the user. */
  readonly givenWriter: string | undefined;
  /** Starts to ship what earlier writers left in the directory; does nothing without a shipper. */
  readonly startShipping: () => Promise<void>;
  /** Ends all waiting for what others left: the writer must end. */
  readonly signal: AbortSignal;
}

/** Takes over what earlier writers of a directory left: archives still open, or not shipped. */
export class Takeover {
  readonly #options: TakeoverOptions;
  readonly #recovery: DirectoryRecovery;
  #recovering: Promise<void> = Promise.resolve();
  /** Whether the signal has aborted before all archives were recovered. */
  isCutShort = false;

  constructor(options: TakeoverOptions) {
    this.#options = options;
    this.#recovery = new DirectoryRecovery(options);
  }

  /**
   * Lists the archives left in the directory, and settles; at once when the signal aborts. Recovery
   * and shipping continue while the writer writes.
   *
   * @throws DirectoryError if there is no directory to write to; ArchiveError
   *   `ERR_WRITER_ID_TAKEN` if an archive in it holds records with the given writer's id
   */
  async open(): Promise<void> {
    const { directory, files, retry, signal, startShipping } = this.#options;
    const step = { operation: 'open', archive: undefined } as const;
    await retry.run(step, () => checkDirectory(directory, files));
    await this.#checkWriter();
    await retry.run(step, () => untilAborted(startShipping(), signal));
    await retry.run(step, () => untilAborted(this.#recovery.start(), signal));
  }

  /** An identity is used once: the sequences of this writer begin at 0. */
  async #checkWriter(): Promise<void> {
    const { directory, files, givenWriter: writer, retry } = this.#options;
    if (writer === undefined) return;
    const step = { operation: 'open', archive: undefined } as const;
    const path = await retry.run(step, () => findOwnArchive(directory, writer, files));
    if (path === undefined) return;
    const message = `writerId is ${writer}, but ${path} already holds records of this writer`;
    throw new ArchiveError('ERR_WRITER_ID_TAKEN', message);
  }

  /** Recovers what is left of an open archive of this process: `stop` waits for that. */
  recover({ name, path }: LostRecords['archive']): void {
    this.#recovering = this.#recovery.recover(join(dirname(path), name));
  }

  /** Settles when all archives without a living owner are recovered, or the signal aborts. */
  async idle(): Promise<void> {
    const waited = await untilAborted(this.#recovery.idle(), this.#options.signal);
    this.isCutShort = waited === 'aborted';
  }

  /** Begins no other recovery. Settles when the one under way is done, or the signal aborts. */
  async stop(): Promise<void> {
    const { signal } = this.#options;
    await untilAborted(this.#recovering, signal);
    await untilAborted(this.#recovery.stop(), signal);
  }
}
