import type { ArchiveFailure } from './handlers/archive-failure.js';
import type { ArchiveHandler, OpenedArchive, SealedArchive } from './handlers/archive-handler.js';
import { runOpenHandlers, runSealedHandlers } from './handlers/run-handlers.js';
import type { RecoveredArchive } from './recovery/recover-archive.js';

export interface HandlerQueueListener {
  /** All handlers had the archive, and it is where `archive` says. */
  onHandled(archive: SealedArchive | RecoveredArchive): void;
  /** A handler says that the file is gone. */
  onGone(archive: SealedArchive | RecoveredArchive): void;
  onFailed(failure: ArchiveFailure): void;
}

/** Runs a writer's handlers beside it, in the order of its archives. */
export class HandlerQueue {
  readonly #handlers: readonly ArchiveHandler[];
  readonly #listener: HandlerQueueListener;
  #running: Promise<void> = Promise.resolve();

  constructor(handlers: readonly ArchiveHandler[], listener: HandlerQueueListener) {
    this.#handlers = handlers;
    this.#listener = listener;
  }

  opened(archive: OpenedArchive): void {
    this.#run(() => runOpenHandlers(this.#handlers, archive, this.#report));
  }

  sealed(archive: SealedArchive | RecoveredArchive): void {
    this.#run(async () => {
      const handled = await runSealedHandlers(this.#handlers, archive, this.#report);
      if (handled === null) this.#listener.onGone(archive);
      else this.#listener.onHandled(handled);
    });
  }

  /** Settles when all handlers are done with all archives so far. */
  async idle(): Promise<void> {
    await this.#running;
  }

  readonly #report = (
    operation: string,
    error: unknown,
    archive: Pick<OpenedArchive, 'path' | 'name'>,
  ): void => {
    this.#listener.onFailed({ archive, operation, error });
  };

  #run(step: () => Promise<void>): void {
    this.#running = this.#running.then(step);
  }
}
