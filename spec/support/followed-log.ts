import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { createArchiveReader } from '../../lib/index.js';
import { callShoebox } from './call-shoebox.js';
import type { ShoeboxResult } from './run-shoebox.js';

/** A directory of archives that `shoebox record --file` fills, run by run. */
export class FollowedLog {
  readonly archives: string;
  readonly #options: readonly string[];

  constructor(archives: string, options: readonly string[] = []) {
    this.archives = archives;
    this.#options = options;
  }

  /** Archives files to their end. */
  async record(...files: string[]): Promise<ShoeboxResult> {
    const named = files.flatMap((file) => ['--file', file]);
    const options = ['--no-follow', '--input', 'lines', ...this.#options];
    return await callShoebox(['record', this.archives, ...named, ...options]);
  }

  /** The archived lines with their numbers, writer by writer. Fails if one was archived twice. */
  async lines(...more: string[]): Promise<string[][]> {
    const reader = createArchiveReader([this.archives, ...more], { order: 'time' });
    const writers = new Map<string, string[]>();
    for await (const record of reader) {
      const lines = writers.get(record.writer ?? '') ?? [];
      writers.set(record.writer ?? '', lines);
      lines.push(`${record.sequence} ${record.text()}`);
    }
    return [...writers.values()];
  }

  /** What is kept about the files. */
  async state() {
    return JSON.parse(await readFile(join(this.archives, '.shoebox-files.json'), 'utf8'));
  }
}

/** Lines `a 1` to `a N`, each with a line feed. */
export function linesOf(word: string, from: number, to: number): string {
  const count = to - from + 1;
  return Array.from({ length: count }, (_, i) => `${word} ${from + i}\n`).join('');
}

/** The same as they are archived, with their numbers. */
export function numbered(word: string, from: number, to: number): string[] {
  const count = to - from + 1;
  return Array.from({ length: count }, (_, i) => `${from + i} ${word} ${from + i}`);
}
