import { once } from 'node:events';
import type { FileHandle } from 'node:fs/promises';
import { finished } from 'node:stream/promises';

import type { ArchiveWriter } from '../../../index.js';
import type { InputParser } from '../parsing/input-parser.js';
import { hasPrefixOf } from './file-identity.js';
import { FileLines } from './file-lines.js';
import type { FoundFile } from './file-search.js';
import type { FollowedEntry } from './follow-state.js';
import {
  type Checkpoint,
  type LinePosition,
  makeCheckpoint,
  type ReadPosition,
} from './line-position.js';
import { readTail, TAIL_BYTES } from './read-range.js';

/** Functions of the run that a followed file calls. */
export interface FollowedFileContext {
  /** Opens the writer that a text names. */
  readonly openWriter: (source: string) => Promise<ArchiveWriter>;
  /** Closes a writer before the end of the run. */
  readonly closeWriter: (writer: ArchiveWriter) => Promise<void>;
  /** @param firstLine the number of the first line that it gets */
  readonly createParser: (firstLine: number) => InputParser;
  /** The end of the file was reached, or reading has failed. */
  readonly onChange: () => void;
}

interface FileStatus {
  readonly size: number;
  readonly names: number;
  readonly changedMs: number;
}

/** The stages from a file to its writer. */
interface Pipeline {
  readonly lines: FileLines;
  readonly writer: ArchiveWriter;
  /** Settles when the lines were taken, with the error that ended them. */
  readonly ended: Promise<unknown>;
}

/** A file that is open, with the writer of its lines as long as it needs one. */
export class FollowedFile {
  readonly entry: FollowedEntry;
  /** Where it is now. */
  path: string;
  inode: bigint;
  /** Whether it is not at its path any more: it will not grow for long. */
  isRotated: boolean;
  /** Why its lines ended. */
  failure: unknown;
  /** Whether another program has truncated it. */
  hasChanged = false;
  /** Whether its writer is being closed. */
  isResting = false;
  /** When it last grew, by `performance.now`. */
  grownMs = performance.now();
  readonly #context: FollowedFileContext;
  #handle: FileHandle;
  /** Up to where its lines were taken, while there is no pipeline. */
  #position: ReadPosition;
  #pipeline: Pipeline | undefined;
  #isAtEnd = false;
  /** When the file had changed, as it was last looked at. */
  #changedMs = Number.NaN;

  constructor(
    entry: FollowedEntry,
    file: {
      readonly path: string;
      readonly inode: bigint;
      readonly handle: FileHandle;
      readonly isRotated: boolean;
    },
    position: ReadPosition,
    context: FollowedFileContext,
  ) {
    this.entry = entry;
    this.path = file.path;
    this.inode = file.inode;
    this.isRotated = file.isRotated;
    this.#handle = file.handle;
    this.#position = position;
    this.#context = context;
  }

  /** Up to where its whole lines were read. */
  get position(): LinePosition {
    return this.#pipeline?.lines.position ?? this.#position;
  }

  /** How many of its bytes were read. */
  get offset(): number {
    return this.#pipeline?.lines.offset ?? this.#position.offset;
  }

  /** The last bytes that were read, up to 1 KiB, and where they end. */
  get lastRead(): { readonly offset: number; readonly tail: Buffer } {
    const { offset, tail } = this.#pipeline?.lines ?? this.#position;
    return { offset, tail };
  }

  /** Whether it has a writer. */
  get isReading(): boolean {
    return this.#pipeline !== undefined;
  }

  /** Whether nothing is left to read for now. */
  get isAtEnd(): boolean {
    return this.#pipeline === undefined || this.#isAtEnd;
  }

  /** Its size in bytes, and how many names it has. */
  async status(): Promise<FileStatus> {
    const { mtimeMs: changedMs, nlink: names, size } = await this.#handle.stat();
    if (size !== this.entry.size) this.grownMs = performance.now();
    this.entry.size = size;
    return { size, names, changedMs };
  }

  /** Reads on if the file has grown. Returns how many names it has. */
  async look(): Promise<number> {
    const { changedMs, names, size } = await this.status();
    const isSame = changedMs === this.#changedMs && size === this.offset;
    if (this.isResting || (isSame && this.isAtEnd)) return names;
    this.#changedMs = changedMs;
    if (this.#pipeline === undefined) {
      if (size === this.#position.offset) return names;
      await this.#start();
    }
    this.#isAtEnd = false;
    this.#pipeline?.lines.poke();
    return names;
  }

  /** Reads on in a copy of the file, which was made before it was truncated. */
  async switchTo(file: { path: string; inode: bigint; handle: FileHandle }): Promise<void> {
    const before = this.#handle;
    this.path = file.path;
    this.inode = file.inode;
    this.entry.inode = String(file.inode);
    this.#handle = file.handle;
    this.isRotated = true;
    this.hasChanged = false;
    this.#isAtEnd = false;
    this.#pipeline?.lines.switchTo(file.handle);
    await before.close();
  }

  /** A position before which all lines are archived if this one is. */
  checkpointUpTo(lastLine: number): Checkpoint | undefined {
    const { lines } = this.#pipeline ?? {};
    if (lines !== undefined) return lines.markBefore(({ line }) => line <= lastLine);
    return this.#position.line <= lastLine ? this.checkpoint : undefined;
  }

  /** The position that was reached. */
  get checkpoint(): Checkpoint {
    return this.#pipeline?.lines.position ?? makeCheckpoint(this.#position, this.#position.tail);
  }

  /** Whether the bytes before the position are not those that were read any more. */
  async isTruncated(): Promise<boolean> {
    const { offset, tail } = this.lastRead;
    return this.hasChanged || !(await readTail(this.#handle, offset)).equals(tail);
  }

  /** Whether a file is a copy that was made shortly before the last bytes were read. */
  async isShorterCopy({ handle, size }: FoundFile): Promise<boolean> {
    const { offset, recent } = this.#pipeline?.lines ?? { offset: 0, recent: NOTHING };
    const begin = size - TAIL_BYTES - (offset - recent.length);
    if (size <= TAIL_BYTES || size >= offset || begin < 0) return false;
    const expected = recent.subarray(begin, begin + TAIL_BYTES);
    if (!(await readTail(handle, size)).equals(expected)) return false;
    return await hasPrefixOf(handle, this.entry);
  }

  /** Takes no more lines. Settles when those so far were given to the writer. */
  async stop(): Promise<void> {
    const { lines, ended } = this.#pipeline ?? {};
    lines?.finish();
    await ended;
  }

  /** Closes the writer, which seals everything; the file can be read on later. */
  async rest(): Promise<void> {
    const pipeline = this.#pipeline;
    if (pipeline === undefined || this.isResting) return;
    this.isResting = true;
    await this.stop();
    try {
      // Sealing asks for positions, so the pipeline is kept until then.
      await this.#context.closeWriter(pipeline.writer);
    } catch (error) {
      this.#fail(error);
    }
    this.#position = await this.#positionAfter(pipeline.lines);
    this.#pipeline = undefined;
    this.isResting = false;
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }

  /** The position after whole lines: the next read begins there, also if it has read a part of a line. */
  async #positionAfter({ offset, position, tail }: FileLines): Promise<ReadPosition> {
    const begun = offset - position.offset;
    const known = tail.subarray(0, Math.max(0, tail.length - begun));
    const isKnown = known.length > 0 || position.offset === 0;
    return { ...position, tail: isKnown ? known : await readTail(this.#handle, position.offset) };
  }

  async #start(): Promise<void> {
    const { createParser, onChange, openWriter } = this.#context;
    const writer = await openWriter(this.entry.source);
    const parser = createParser(this.#position.line + 1);
    const lines = new FileLines(this.#handle, this.#position, {
      onEnd: () => {
        this.#isAtEnd = true;
        onChange();
      },
      onChanged: () => {
        this.hasChanged = true;
        onChange();
      },
    });
    const failed = once(lines, 'error').then(([error]) => Promise.reject(error));
    lines.pipe(parser.stream).pipe(writer, { end: false });
    const ended = Promise.race([
      finished(parser.stream, { writable: false }),
      once(writer, 'close'),
      failed,
    ])
      .then(() => parser.fault())
      .catch((error: unknown) => error)
      .then((failure) => {
        if (failure !== undefined) this.#fail(failure);
      });
    this.#pipeline = { lines, writer, ended };
  }

  #fail(error: unknown): void {
    this.failure ??= error;
    this.#context.onChange();
  }
}

const NOTHING = Buffer.alloc(0);
