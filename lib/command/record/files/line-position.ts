import type { FileHandle } from 'node:fs/promises';

import { hashOf } from './file-identity.js';
import { readRange, readTail, TAIL_BYTES } from './read-range.js';

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

/** The start of a file. */
export const FILE_START: LinePosition = { line: 0, offset: 0 };

/** A position up to which everything is archived, with what shows that it is still right. */
export interface Checkpoint extends LinePosition {
  /** A hash of the position and of up to 1 KiB before it. */
  readonly check: string;
}

/** The line that was archived last. */
export interface LastLine {
  /** Its number, from 1. */
  readonly line: number;
  /** Its size without its line feed. */
  readonly bytes: number;
  /** SHA-256 of these bytes, in hex. */
  readonly hash: string;
}

/** The line of a record. */
export function lastLineOf(line: number, payload: Uint8Array): LastLine {
  return { line, bytes: payload.length, hash: hashOf(payload) };
}

/** @param tail the bytes before the position, 1 KiB or as many as there are */
export function makeCheckpoint({ line, offset }: LinePosition, tail: Uint8Array): Checkpoint {
  return { line, offset, check: hashOf(`${line} ${offset} ${hashOf(tail)}`) };
}

/**
 * Where to continue a file: after the last line that is archived, or after the checkpoint if that
 * is later. Neither is believed: the checkpoint is compared with the bytes before it, and the last
 * line with the bytes at its position, which are found by counting lines, from the checkpoint or
 * from the start.
 *
 * @returns `other` if the bytes differ, so that this is another file; `shorter` if it ends before
 *   the last line, but has 1 KiB before the checkpoint
 */
export async function findPosition(
  handle: FileHandle,
  last: LastLine | undefined,
  checkpoint: Checkpoint | undefined,
): Promise<LinePosition | 'other' | 'shorter'> {
  const isRight = checkpoint !== undefined && (await isStillRight(handle, checkpoint));
  const hint = isRight ? { line: checkpoint.line, offset: checkpoint.offset } : FILE_START;
  if (last === undefined) return checkpoint === undefined || isRight ? hint : 'other';
  if (hint.line >= last.line) return hint;
  const after = await findEnd(handle, last, hint);
  if (after === 'shorter' && hint.offset < TAIL_BYTES) return 'other';
  return after === 'other' && isRight ? await findEnd(handle, last, FILE_START) : after;
}

/** Whether a file has the bytes before a checkpoint that it had, or is a copy of that file. */
export async function isStillRight(handle: FileHandle, checkpoint: Checkpoint): Promise<boolean> {
  const { size } = await handle.stat();
  if (size < checkpoint.offset) return false;
  const tail = await readTail(handle, checkpoint.offset);
  return makeCheckpoint(checkpoint, tail).check === checkpoint.check;
}

/** The position after a line. */
async function findEnd(
  handle: FileHandle,
  { bytes, hash, line }: LastLine,
  from: LinePosition,
): Promise<LinePosition | 'other' | 'shorter'> {
  const start = await skipLines(handle, from, line - 1 - from.line);
  if (start === undefined) return 'shorter';
  const end = start + bytes;
  const found = await readRange(handle, start, end + 1);
  if (found.length === 0) return 'shorter';
  const isSame = found.length === bytes + 1 && found.at(-1) === LINE_FEED;
  return isSame && hashOf(found.subarray(0, -1)) === hash ? { line, offset: end + 1 } : 'other';
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
