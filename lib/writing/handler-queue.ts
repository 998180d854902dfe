import type { ArchiveFailure } from './handlers/archive-failure.js';
import type { ArchiveHandler, OpenedArchive, SealedArchive } from './handlers/archive-handler.js';
import { runOpenHandlers, runSealedHandlers } from './handlers/run-handlers.js';

/** Runs a writer's handlers in the order of its archives, while the writer continues. */
export class HandlerQueue {
  readonly #handlers: readonly ArchiveHandler[];
  readonly #onFailed: (failure: ArchiveFailure) => void;
  #running: Promise<void> = Promise.resolve();

  /** @param onFailed called with the failure of a handler; the next handlers run all the same */
  constructor(handlers: readonly ArchiveHandler[], onFailed: (failure: ArchiveFailure) => void) {
    this.#handlers = handlers;
    this.#onFailed = onFailed;
  }

  opened(archive: OpenedArchive): void {
    this.#run(() => runOpenHandlers(this.#handlers, archive, this.#report));
  }

  /**
   * @param onHandled called with the archive where the handlers left it; null if one removed its
   *   file
   */
  sealed<Archive extends SealedArchive>(
    archive: Archive,
    onHandled: (handled: Archive | null) => void,
  ): void {
    this.#run(async () => {
      onHandled(await runSealedHandlers(this.#handlers, archive, this.#report));
    });
  }

  /** Settles when all handlers are done with all archives so far. */
  async idle(): Promise<void> {
    await this.#running;
  }

  readonly #report = (
    operation: string,
    error: unknown,
    archive: ArchiveFailure['archive'],
  ): void => {
    this.#onFailed({ archive, operation, error });
  };

  #run(step: () => Promise<void>): void {
    this.#running = this.#running.then(step);
  }
}
