import { createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';

/** Keeps lines that are no records, each as it was, with a line feed. */
export class RejectsFile {
  readonly #path: string;
  #file: ReturnType<typeof createWriteStream> | undefined;
  #failure: unknown;

  constructor(path: string) {
    this.#path = path;
  }

  /** Appends a line. The file is created with the first one. */
  add(line: Uint8Array): void {
    if (this.#file === undefined) {
      this.#file = createWriteStream(this.#path, { flags: 'a', mode: 0o600 });
      this.#file.on('error', (error) => {
        this.#failure ??= error;
      });
    }
    this.#file.write(Buffer.concat([line, Buffer.from('\n')]));
  }

  /** @throws Node's error if a line was not written */
  async close(): Promise<void> {
    if (this.#file === undefined) return;
    if (this.#failure === undefined) {
      this.#file.end();
      await finished(this.#file);
    }
    if (this.#failure !== undefined) throw this.#failure;
  }
}
