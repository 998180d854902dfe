import type { ArchiveFailure } from './handlers/archive-failure.js';
import type { ArchiveHandler, OpenedArchive, SealedArchive } from './handlers/archive-handler.js';
import { runOpenHandlers, runSealedHandlers } from './handlers/run-handlers.js';

/** Runs a writer's handlers in the order of its archives, while the writer continues. */
export class HandlerQueue {
  readonly #handlers: readonly ArchiveHandler[];
  readonly #onFailed: (failure: ArchiveFailure) => void;
  readonly #signal: AbortSignal;
  readonly #unfinished = new Set<SealedArchive>();
  #running: Promise<void> = Promise.resolve();

  /**
   * @param onFailed called with the failure of a handler; the next handlers run all the same
   * @param signal ends the waiting for the handler that runs; no other handler begins then
   */
  constructor(
    handlers: readonly ArchiveHandler[],
    onFailed: (failure: ArchiveFailure) => void,
    signal: AbortSignal,
  ) {
    this.#handlers = handlers;
    this.#onFailed = onFailed;
    this.#signal = signal;
  }

  /** Paths of the sealed archives that handlers are not done with, and that were not passed on. */
  get unfinished(): readonly string[] {
    return [...this.#unfinished].map(({ path }) => path);
  }

  opened(archive: OpenedArchive): void {
    this.#run(() => runOpenHandlers(this.#handlers, archive, this.#report, this.#signal));
  }

  /**
   * @param onHandled called with the archive where the handlers left it; null if one removed its
   *   file; not called if the signal aborts before that
   */
  sealed<Archive extends SealedArchive>(
    archive: Archive,
    onHandled: (handled: Archive | null) => void,
  ): void {
    this.#unfinished.add(archive);
    this.#run(async () => {
      const handled = await runSealedHandlers(this.#handlers, archive, this.#report, this.#signal);
      if (handled === undefined) return;
      this.#unfinished.delete(archive);
      onHandled(handled);
    });
  }

  /** Settles when all handlers are done with all archives so far, or the signal has aborted. */
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
