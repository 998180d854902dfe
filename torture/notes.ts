import { openSync, writeSync } from 'node:fs';
import { readFile } from 'node:fs/promises';

/** The notes of a child about its writing, in a file that outlives the child. */
export class Notes {
  readonly #file: number;

  constructor(path: string) {
    this.#file = openSync(path, 'a');
  }

  /** From now on the child may append all records before this one. */
  begin(before: number): void {
    writeSync(this.#file, `begun ${before}\n`);
  }

  /** A receipt said that the record is synced. */
  synced(n: number): void {
    writeSync(this.#file, `synced ${n}\n`);
  }
}

/** The notes of a child that was killed. */
export interface NotesRead {
  /** No record from this one on was ever appended. */
  readonly begun: number;
  readonly synced: readonly number[];
}

export async function readNotes(path: string): Promise<NotesRead> {
  // A kill may cut the last line off. The child did not act on that line.
  const lines = (await readFile(path, 'utf8')).split('\n').slice(0, -1);
  const numbersOf = (word: string) =>
    lines.filter((line) => line.startsWith(word)).map((line) => Number(line.slice(word.length)));
  return { begun: numbersOf('begun').at(-1) ?? 0, synced: numbersOf('synced') };
}
