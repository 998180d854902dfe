import { dirname, join } from 'node:path';

import { untilAborted } from '../streams/until-aborted.js';
import { checkWriterId, type WriterIdCheck } from './check-writer-id.js';
import { DirectoryRecovery, type DirectoryRecoveryOptions } from './recovery/directory-recovery.js';
import { openDirectory } from './rolling/archive-directory.js';
import type { LostRecords } from './sink/archive-sink.js';

export interface TakeoverOptions extends DirectoryRecoveryOptions, Omit<WriterIdCheck, 'writer'> {
  /** Whether to create the directory if it is missing. */
  readonly createDirectory: boolean;
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
   * @throws DirectoryError if there is no directory to write to; what `checkWriterId` throws
   */
  async open(): Promise<void> {
    const { directory, files, givenWriter, retry, signal, startShipping } = this.#options;
    const isCreated = this.#options.createDirectory;
    const step = { operation: 'open', archive: undefined } as const;
    await retry.run(step, () => openDirectory(directory, files, { isCreated }));
    if (givenWriter !== undefined) await checkWriterId({ ...this.#options, writer: givenWriter });
    await retry.run(step, () => untilAborted(startShipping(), signal));
    await retry.run(step, () => untilAborted(this.#recovery.start(), signal));
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
