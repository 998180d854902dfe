import { basename } from 'node:path';

import { show } from '../../errors/show.js';
import { untilAborted } from '../../streams/until-aborted.js';
import type { ArchiveHandler, OpenedArchive, SealedArchive } from './archive-handler.js';

/** Called for each handler that failed. If it throws, the run ends with that error. */
export type HandlerFailureListener<Archive> = (
  handlerName: string,
  error: unknown,
  archive: Archive,
) => void;

/**
 * Calls `onOpen` of each handler, one after the other. Reports a handler that fails, and continues
 * with the next.
 *
 * @param signal when it aborts, the handler that runs is reported and left alone, as are those that
 *   did not run
 */
export async function runOpenHandlers(
  handlers: readonly ArchiveHandler[],
  archive: OpenedArchive,
  onFailure: HandlerFailureListener<OpenedArchive>,
  signal: AbortSignal,
): Promise<void> {
  for (const [position, handler] of handlers.entries()) {
    if (handler.onOpen === undefined) continue;
    try {
      await callInTime(() => handler.onOpen?.(archive), signal);
    } catch (error) {
      onFailure(nameOf(handler, position), error, archive);
    }
  }
}

/**
 * Calls `onSealed` of each handler, one after the other, with the path that the previous one
 * returned. Reports a handler that fails, and continues with the unchanged path.
 *
 * @param signal as for `runOpenHandlers`
 * @returns the archive with its current path; null as soon as a handler returns that the file is
 *   gone, in which case the remaining handlers are not called; undefined if the signal has aborted
 */
export async function runSealedHandlers<Archive extends SealedArchive>(
  handlers: readonly ArchiveHandler[],
  archive: Archive,
  onFailure: HandlerFailureListener<SealedArchive>,
  signal: AbortSignal,
): Promise<Archive | null | undefined> {
  let current = archive;
  for (const [position, handler] of handlers.entries()) {
    if (handler.onSealed === undefined) continue;
    try {
      const path = checkPath(await callInTime(() => handler.onSealed?.(current), signal));
      if (path === null) return null;
      if (path !== undefined) current = { ...current, path, name: basename(path) };
    } catch (error) {
      onFailure(nameOf(handler, position), error, current);
      if (signal.aborted) return undefined;
    }
  }
  return current;
}

/**
 * Calls a function of the user, and waits for its result until the signal aborts.
 *
 * @throws what the function throws; the signal's reason
 */
async function callInTime<T>(call: () => T | Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  const result = Promise.resolve(call());
  if ((await untilAborted(result, signal)) === 'aborted') throw signal.reason;
  return await result;
}

/**
 * Checks what a handler returned. Many handlers are plain JavaScript, where a missing or wrong
 * `return` compiles.
 */
function checkPath(path: unknown): string | null | undefined {
  if (path === null || path === undefined) return path;
  if (typeof path === 'string' && path !== '') return path;
  throw new TypeError(`onSealed returned ${show(path)}, expected a path, null or nothing`);
}

function nameOf(handler: ArchiveHandler, position: number): string {
  return handler.name ?? `handler ${position + 1}`;
}
