import type { HandlerQueue } from './handler-queue.js';
import type { ArchiveShipper, ShippingListener } from './handlers/archive-shipper.js';
import type { RecoveredArchive } from './recovery/recover-archive.js';
import { Recovery } from './recovery/recovery.js';
import { checkDirectory } from './rolling/archive-directory.js';
import type { RollingWriteSettings } from './rolling-write-options.js';
import type { DiskRetry } from './sink/disk-retry.js';

export interface TakeoverListener extends ShippingListener {
  onRecovered(archive: RecoveredArchive): void;
}

/** What a writer takes over with its directory: archives that others left open, or have not shipped. */
export class Takeover {
  readonly #settings: RollingWriteSettings;
  readonly #retry: DiskRetry;
  readonly #shipper: ArchiveShipper | undefined;
  readonly #listener: TakeoverListener;
  readonly #recovery: Recovery;

  constructor(
    settings: RollingWriteSettings,
    retry: DiskRetry,
    shipper: ArchiveShipper | undefined,
    handlers: HandlerQueue,
    listener: TakeoverListener,
  ) {
    this.#settings = settings;
    this.#retry = retry;
    this.#shipper = shipper;
    this.#listener = listener;
    this.#recovery = new Recovery({
      ...settings,
      onFailed: (failure) => listener.onFailed(failure),
      onRecovered: (archive) => {
        listener.onRecovered(archive);
        handlers.sealed(archive);
      },
    });
  }

  /**
   * Settles when it is known what there is; recovery and shipping go on beside the writer.
   *
   * @throws DirectoryError where there is no directory to write to
   */
  async open(): Promise<void> {
    const { directory, files } = this.#settings;
    const step = { operation: 'open', archive: undefined } as const;
    await this.#retry.run(step, () => checkDirectory(directory, files));
    await this.#retry.run(step, async () => this.#shipper?.start(this.#listener));
    await this.#retry.run(step, () => this.#recovery.start());
  }

  /** Settles when all that has no owner is recovered. */
  async idle(): Promise<void> {
    await this.#recovery.idle();
  }

  /** Nothing else is begun. Settles when the archive under way is recovered. */
  async stop(): Promise<void> {
    await this.#recovery.stop();
  }
}
