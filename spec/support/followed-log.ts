import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';

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

  /** Settles when so many lines are archived, also in archives that are open. */
  async until(lines: number): Promise<void> {
    const reader = createArchiveReader(this.archives, { follow: true, limit: lines });
    for await (const _record of reader);
  }

  /** The state of the followed files. */
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

/** `shoebox record --file`, which follows files in this process until `stop`. */
export class FollowingRun {
  readonly #controller = new AbortController();
  readonly #stderr = new PassThrough();
  readonly #ended: Promise<number>;
  #said = '';

  constructor(archives: string, options: Readonly<Record<string, readonly string[]>>) {
    this.#stderr.on('data', (text) => {
      this.#said += String(text);
    });
    this.#ended = this.#run(archives, { input: ['lines'], sync: ['always'], ...options });
  }

  /** Everything that was printed to stderr. */
  get said(): string {
    return this.#said;
  }

  /** Settles when stderr has this text. */
  async until(said: string): Promise<void> {
    while (!this.#said.includes(said)) await once(this.#stderr, 'data');
  }

  /** Ends it as SIGTERM does. Returns the exit code. */
  async stop(): Promise<number> {
    this.#controller.abort();
    return await this.#ended;
  }

  /** The exit code, when it ends by itself. */
  async ended(): Promise<number> {
    return await this.#ended;
  }

  async #run(directory: string, options: Readonly<Record<string, readonly string[]>>) {
    const { record } = await import('../../lib/command/record.js');
    const { Terminal } = await import('../../lib/command/output/terminal.js');
    const host = {
      stdin: new PassThrough(),
      stdout: new PassThrough().resume(),
      stderr: this.#stderr,
      env: {},
    };
    const values = Object.fromEntries(
      Object.entries(record.options).map(([name, { parse }]) => [name, parse(options[name] ?? [])]),
    );
    return await record.run({
      args: [directory],
      options: values,
      terminal: new Terminal(host, { isQuiet: false, isDebug: false }),
      signal: this.#controller.signal,
    });
  }
}
