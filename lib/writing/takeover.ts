import { DirectoryRecovery, type DirectoryRecoveryOptions } from './recovery/directory-recovery.js';
import { checkDirectory } from './rolling/archive-directory.js';
import type { DiskRetry } from './sink/disk-retry.js';

export interface TakeoverOptions extends DirectoryRecoveryOptions {
  readonly retry: DiskRetry;
  /** Starts to ship what earlier writers left in the directory; does nothing without a shipper. */
  readonly startShipping: () => Promise<void>;
}

/** Takes over what earlier writers of a directory left: archives still open, or not shipped. */
export class Takeover {
  readonly #options: TakeoverOptions;
  readonly #recovery: DirectoryRecovery;

  constructor(options: TakeoverOptions) {
    this.#options = options;
    this.#recovery = new DirectoryRecovery(options);
  }

  /**
   * Lists the archives left in the directory, and settles. Recovery and shipping continue while the
   * writer writes.
   *
   * @throws DirectoryError if there is no directory to write to
   */
  async open(): Promise<void> {
    const { directory, files, retry, startShipping } = this.#options;
    const step = { operation: 'open', archive: undefined } as const;
    await retry.run(step, () => checkDirectory(directory, files));
    await retry.run(step, startShipping);
    await retry.run(step, () => this.#recovery.start());
  }

  /**
   * Recovers what is left of an open archive of this process.
   *
   * @param path the archive's path without the suffix of its state
   */
  async recover(path: string): Promise<void> {
    await this.#recovery.recover(path);
  }

  /** Settles when all archives without a living owner are recovered. */
  async idle(): Promise<void> {
    await this.#recovery.idle();
  }

  /** Begins no other recovery. Settles when the one under way is done. */
  async stop(): Promise<void> {
    await this.#recovery.stop();
  }
}
