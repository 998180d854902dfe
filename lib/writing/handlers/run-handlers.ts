import { basename } from 'node:path';
import { inspect } from 'node:util';

import type { ArchiveHandler, OpenedArchive, SealedArchive } from './archive-handler.js';

/** Told of each handler that failed. What it throws ends the run. */
export type HandlerFailureListener<Archive> = (
  handlerName: string,
  error: unknown,
  archive: Archive,
) => void;

/**
 * Runs `onOpen` of each handler, one after the other. A failing one is reported, and the next goes
 * on.
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
 * Runs `onSealed` of each handler, one after the other, each with the path that the one before it
 * left. A failing one is reported, and the next goes on with the path as it was.
 *
 * @returns the archive where it is now; null when a handler says that it is gone, and no handler
 *   after that one is run
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
 * Handlers are often plain JavaScript, where a forgotten or wrong `return` does not fail to
 * compile.
 */
function checkPath(path: unknown): string | null | undefined {
  if (path === null || path === undefined) return path;
  if (typeof path === 'string' && path !== '') return path;
  throw new TypeError(`onSealed returned ${inspect(path)}, expected a path, null or nothing`);
}

function nameOf(handler: ArchiveHandler, position: number): string {
  return handler.name ?? `handler ${position + 1}`;
}
