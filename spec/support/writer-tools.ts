import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';

import { expect } from 'chai';

import { type ArchiveIndex, decodeIndexBody } from '../../lib/codec/version-2/archive-index.js';
import { readFrameHeader } from '../../lib/codec/version-2/frame-header.js';
import { HEADER_BYTES, KIND_INDEX } from '../../lib/format/version-2.js';
import { createArchiveReader } from '../../lib/reading/rolling-read-stream.js';
import type { Clock } from '../../lib/streams/clock.js';
import { decodeArchive } from './decode-archive.js';

/** Payloads `0`, `1`, … */
export function numbers(count: number): string[] {
  return Array.from({ length: count }, (_, i) => String(i));
}

/**
 * The payloads in the archives of a directory, or of a pattern; none when there are no archives.
 */
export async function payloadsOf(pattern: string): Promise<string[]> {
  const payloads: string[] = [];
  for await (const record of createArchiveReader(pattern, { allowEmpty: true })) {
    payloads.push(record.text());
  }
  return payloads;
}

export interface WholeArchive {
  readonly name: string;
  /** The SHA-256 of the whole file, in hex. */
  readonly sha256: string;
  readonly index: ArchiveIndex;
  /** The sequence in the header of the index frame. */
  readonly nextSequence: number;
  readonly writer: string;
  readonly payloads: readonly string[];
}

/** All files of a directory, by ordinal. They must be sealed archives of version 2. */
export async function wholeArchives(directory: string): Promise<WholeArchive[]> {
  const names = await readdir(directory);
  const archives = await Promise.all(names.map((name) => readWhole(directory, name)));
  return archives.sort((a, b) => (a.index.ordinal ?? 0) - (b.index.ordinal ?? 0));
}

/** Fails unless the file is a sealed archive with a correct index. */
export async function readWhole(directory: string, name: string): Promise<WholeArchive> {
  const bytes = await readFile(join(directory, name));
  const start = bytes.length - bytes.readUInt32LE(bytes.length - 4);
  const header = readFrameHeader(bytes, start);
  expect(header.kind).to.equal(KIND_INDEX);
  const index = decodeIndexBody(bytes.subarray(start + HEADER_BYTES), start, name);
  expect(index.archiveBytes).to.equal(start);
  expect(hexOf(index.sha256)).to.equal(sha256Of(bytes.subarray(0, start)));
  const payloads = decodeArchive(bytes).map((record) => record.text());
  expect(index.records).to.equal(payloads.length);
  expect(index.entries.length).to.be.greaterThan(0);
  const { sequence: nextSequence, writer } = header;
  return { name, sha256: sha256Of(bytes), index, nextSequence, writer, payloads };
}

export function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

export function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

/** The error of a stream when it closes, or undefined. Must be called before it can close. */
export function outcomeOf(stream: Readable | Writable): Promise<unknown> {
  return new Promise((resolve) => {
    let failure: unknown;
    stream.once('error', (error) => {
      failure = error;
    });
    stream.once('close', () => resolve(failure));
  });
}

/** A clock whose time of day specs set, with the system's timers. */
export class JumpingClock implements Clock {
  jumpMs = 0;
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  now(): number {
    return this.#clock.now() + this.jumpMs;
  }

  setTimer(callback: () => void, delayMs: number) {
    return this.#clock.setTimer(callback, delayMs);
  }
}

/**
 * Collects, in place of mocha, the errors that would end the process. Returns a function that stops
 * and returns these errors.
 */
export function catchUncaught(): () => unknown[] {
  const found: unknown[] = [];
  const events = ['uncaughtException', 'unhandledRejection'] as const;
  const others = events.map((event) => process.rawListeners(event));
  for (const event of events) {
    process.removeAllListeners(event);
    process.on(event, (error: unknown) => found.push(error));
  }
  return () => {
    for (const [at, event] of events.entries()) {
      process.removeAllListeners(event);
      for (const listener of others[at] ?? [])
        Reflect.apply(process.on, process, [event, listener]);
    }
    return found;
  };
}
