import { appendFile, copyFile, rename, rm, truncate, writeFile } from 'node:fs/promises';

/** How a log is rotated. */
export type RotationKind = 'create' | 'copytruncate';

/** How many rotated files are kept beside the log. */
const KEPT = 200;

/** The first lines of each file are the same, so that prefixes alone tell nothing. */
const HEAD = `${'='.repeat(100)} log of a program that says the same at each start\n`;

/**
 * A program that writes lines, `FILE.LINE text`, and is rotated now and then. Lines are often cut
 * between two writes.
 */
export class LogWriter {
  readonly path: string;
  readonly #kind: RotationKind;
  /** All lines so far, file by file. */
  readonly files: string[][] = [];
  #begun = '';

  constructor(path: string, kind: RotationKind) {
    this.path = path;
    this.#kind = kind;
  }

  /** How many lines are whole. */
  get lines(): number {
    return this.files.reduce((sum, lines) => sum + lines.length, 0);
  }

  async begin(): Promise<void> {
    this.files.push([HEAD.trimEnd()]);
    await writeFile(this.path, HEAD);
  }

  async write(count: number): Promise<void> {
    const file = this.files.at(-1) ?? [];
    let text = this.#begun === '' ? '' : '\n';
    if (this.#begun !== '') file.push(this.#begun);
    for (let i = 0; i < count; i++) {
      const line = `${this.files.length}.${file.length + 1} ${'x'.repeat((7 * file.length) % 90)}`;
      if (i === count - 1 && file.length % 3 === 0) {
        // Its line feed comes with the next write.
        text += line;
        this.#begun = line;
        await appendFile(this.path, text);
        return;
      }
      text += `${line}\n`;
      file.push(line);
    }
    this.#begun = '';
    await appendFile(this.path, text);
  }

  async rotate(): Promise<void> {
    if (this.#begun !== '') await this.write(0);
    await rm(`${this.path}.${KEPT}`, { force: true });
    for (let n = KEPT - 1; n > 0; n--) {
      await rename(`${this.path}.${n}`, `${this.path}.${n + 1}`).catch(() => undefined);
    }
    if (this.#kind === 'create') {
      await rename(this.path, `${this.path}.1`);
    } else {
      await copyFile(this.path, `${this.path}.1`);
      await truncate(this.path);
    }
    this.files.push([HEAD.trimEnd()]);
    await appendFile(this.path, HEAD);
  }
}
