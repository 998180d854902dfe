import type { FileHandle } from 'node:fs/promises';

import { hashOf } from './file-identity.js';
import { readRange, readTail } from './read-range.js';

const LINE_FEED = 0x0a;

/** How much is read at once to count lines. */
const CHUNK_BYTES = 2 ** 20;

/** Where a line ends. */
export interface LinePosition {
  /** How many lines are before it; the number of the last of them, counted from 1. */
  readonly line: number;
  /** The byte after its line feed. */
  readonly offset: number;
}

/** Where reading continues, with the bytes before it: if they differ, the file was truncated. */
export interface ReadPosition extends LinePosition {
  readonly tail: Buffer;
}

export const FILE_START: LinePosition = { line: 0, offset: 0 };

/** A position up to which everything is archived, with what shows that it is still right. */
export interface Checkpoint extends LinePosition {
  /** A hash of the position and of up to 1 KiB before it. */
  readonly check: string;
}

/** A record that was archived last: the line with this number. */
export interface LastLine {
  readonly line: number;
  readonly payload: Uint8Array;
}

export async function makeCheckpoint(
  handle: FileHandle,
  { line, offset }: LinePosition,
): Promise<Checkpoint> {
  return { line, offset, check: await checkOf(handle, { line, offset }) };
}

/**
 * Where to continue a file: after the last line that is archived, or after the checkpoint if that
 * is later. Neither is believed: the checkpoint is compared with the bytes before it, and the last
 * line with the bytes at its position, which are found by counting lines, from the checkpoint or
 * from the start.
 *
 * @returns undefined if the bytes differ, so that this is another file
 */
export async function findPosition(
  handle: FileHandle,
  last: LastLine | undefined,
  checkpoint: Checkpoint | undefined,
): Promise<LinePosition | undefined> {
  const isRight = checkpoint !== undefined && (await isStillRight(handle, checkpoint));
  const hint = isRight ? { line: checkpoint.line, offset: checkpoint.offset } : FILE_START;
  if (last === undefined) return checkpoint === undefined || isRight ? hint : undefined;
  if (hint.line >= last.line) return hint;
  const after = await findEnd(handle, last, hint);
  return after === undefined && isRight ? await findEnd(handle, last, FILE_START) : after;
}

/** Whether a file has the bytes before a checkpoint that it had, or is a copy of that file. */
export async function isStillRight(handle: FileHandle, checkpoint: Checkpoint): Promise<boolean> {
  const { size } = await handle.stat();
  if (size < checkpoint.offset) return false;
  return (await checkOf(handle, checkpoint)) === checkpoint.check;
}

async function checkOf(handle: FileHandle, { line, offset }: LinePosition): Promise<string> {
  const tail = await readTail(handle, offset);
  return hashOf(`${line} ${offset} ${hashOf(tail)}`);
}

/** The position after a line; undefined if the file has another line there, or none. */
async function findEnd(
  handle: FileHandle,
  { line, payload }: LastLine,
  from: LinePosition,
): Promise<LinePosition | undefined> {
  const start = await skipLines(handle, from, line - 1 - from.line);
  if (start === undefined) return undefined;
  const end = start + payload.length;
  const found = await readRange(handle, start, end + 1);
  if (found.length !== payload.length + 1 || found.at(-1) !== LINE_FEED) return undefined;
  return found.subarray(0, -1).equals(payload) ? { line, offset: end + 1 } : undefined;
}

/** The byte after so many lines; undefined if there are fewer. */
async function skipLines(
  handle: FileHandle,
  { offset }: LinePosition,
  lines: number,
): Promise<number | undefined> {
  let left = lines;
  for (let at = offset; left > 0; ) {
    const chunk = await readRange(handle, at, at + CHUNK_BYTES);
    if (chunk.length === 0) return undefined;
    for (let next = chunk.indexOf(LINE_FEED); next !== -1; ) {
      if (--left === 0) return at + next + 1;
      next = chunk.indexOf(LINE_FEED, next + 1);
    }
    at += chunk.length;
  }
  return offset;
}
