import { dirname } from 'node:path';

import type { FileLayer } from '../../files/file-layer.js';
import type { Clock, Timer } from '../../streams/clock.js';
import { writeCursorFile } from './cursor-file.js';

/** How long a position may be newer than its file. */
const INTERVAL_MS = 1000;

export interface PositionKeeperOptions {
  readonly path: string;
  readonly files: FileLayer;
  readonly clock: Clock;
  /** Called if the file cannot be written. */
  readonly onFailure: (error: unknown) => void;
}

/** Keeps the latest position in a file, which it replaces about once a second. */
export class PositionKeeper {
  readonly #options: PositionKeeperOptions;
  #cursor: string | undefined;
  #timer: Timer | undefined;
  /** Settles when no file is being written. */
  #writing: Promise<void> = Promise.resolve();

  constructor(options: PositionKeeperOptions) {
    this.#options = options;
  }

  /** @throws Node's error if the directory is missing: better before records are sent than after */
  async open(): Promise<void> {
    await this.#options.files.stat(dirname(this.#options.path));
  }

  /** The position is kept within a second. */
  note(cursor: string): void {
    this.#cursor = cursor;
    this.#timer ??= this.#options.clock.setTimer(() => {
      this.#timer = undefined;
      this.save().catch(this.#options.onFailure);
    }, INTERVAL_MS);
  }

  /** Writes the latest position now. @throws Node's error if it cannot be written */
  async save(): Promise<void> {
    this.#timer?.cancel();
    this.#timer = undefined;
    const writing = this.#writing.then(() => this.#write());
    this.#writing = writing.catch(() => undefined);
    await writing;
  }

  async #write(): Promise<void> {
    const cursor = this.#cursor;
    if (cursor === undefined) return;
    const { files, path } = this.#options;
    await writeCursorFile(path, cursor, files);
    // Another one may have been noted meanwhile.
    if (this.#cursor === cursor) this.#cursor = undefined;
  }
}
