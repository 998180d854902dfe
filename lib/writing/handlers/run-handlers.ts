import { basename } from 'node:path';
import { inspect } from 'node:util';

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
 */
export async function runOpenHandlers(
  handlers: readonly ArchiveHandler[],
  archive: OpenedArchive,
  onFailure: HandlerFailureListener<OpenedArchive>,
): Promise<void> {
  for (const [position, handler] of handlers.entries()) {
    try {
      await handler.onOpen?.(archive);
    } catch (error) {
      onFailure(nameOf(handler, position), error, archive);
    }
  }
}

/**
 * Calls `onSealed` of each handler, one after the other, with the path that the previous one
 * returned. Reports a handler that fails, and continues with the unchanged path.
 *
 * @returns the archive with its current path; null as soon as a handler returns that the file is
 *   gone, in which case the remaining handlers are not called
 */
export async function runSealedHandlers<Archive extends SealedArchive>(
  handlers: readonly ArchiveHandler[],
  archive: Archive,
  onFailure: HandlerFailureListener<SealedArchive>,
): Promise<Archive | null> {
  let current = archive;
  for (const [position, handler] of handlers.entries()) {
    try {
      const path = checkPath(await handler.onSealed?.(current));
      if (path === null) return null;
      if (path !== undefined) current = { ...current, path, name: basename(path) };
    } catch (error) {
      onFailure(nameOf(handler, position), error, current);
    }
  }
  return current;
}

/**
 * Checks what a handler returned. Many handlers are plain JavaScript, where a missing or wrong
 * `return` compiles.
 */
function checkPath(path: unknown): string | null | undefined {
  if (path === null || path === undefined) return path;
  if (typeof path === 'string' && path !== '') return path;
  throw new TypeError(`onSealed returned ${inspect(path)}, expected a path, null or nothing`);
}

function nameOf(handler: ArchiveHandler, position: number): string {
  return handler.name ?? `handler ${position + 1}`;
}
