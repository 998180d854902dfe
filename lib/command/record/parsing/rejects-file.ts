import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs';

/** Keeps lines that are no records, each as it was, with a line feed. */
export class RejectsFile {
  readonly #path: string;
  #file: number | undefined;
  #failure: unknown;

  constructor(path: string) {
    this.#path = path;
  }

  /**
   * Appends a line. The file is created with the first one. Writes at once, before later lines of
   * the input can be archived: after a crash, a followed file is read on after those.
   */
  add(line: Uint8Array): void {
    if (this.#failure !== undefined) return;
    try {
      this.#file ??= openSync(this.#path, 'a', 0o600);
      const bytes = Buffer.concat([line, Buffer.from('\n')]);
      for (let at = 0; at < bytes.length; ) at += writeSync(this.#file, bytes, at);
    } catch (error) {
      this.#failure = error;
    }
  }

  /**
   * Lines so far survive a power loss.
   *
   * @throws Node's error if a line was not written
   */
  sync(): void {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#file !== undefined) fsyncSync(this.#file);
  }

  /** @throws Node's error if a line was not written */
  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
    if (this.#failure !== undefined) throw this.#failure;
  }
}
