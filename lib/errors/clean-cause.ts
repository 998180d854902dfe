import { isError } from './is-error.js';
import { toMessage } from './show.js';

/** How deep a chain of causes is followed. Node shows no more than a few. */
const MOST_CAUSES = 16;

/**
 * Cleans the messages and stacks of a cause, of its own causes, and of the errors that it collects:
 * `console.log` and loggers show them together with the error. They quote names, URLs and the text
 * of services, and were made by the system, the AWS SDK or a store. Changes them in place, so that
 * a cause stays what it is.
 */
export function cleanCause(cause: unknown): void {
  let left = [cause];
  const seen = new Set<unknown>();
  for (let depth = 0; depth < MOST_CAUSES && left.length > 0; depth++) {
    const next: unknown[] = [];
    for (const error of left) {
      if (!isError(error) || seen.has(error)) continue;
      seen.add(error);
      cleanMessage(error);
      next.push(error.cause);
      if ('errors' in error && Array.isArray(error.errors))
        next.push(...error.errors.slice(0, 100));
    }
    left = next;
  }
}

function cleanMessage(error: Error): void {
  const { message } = error;
  if (typeof message !== 'string') return;
  const shown = toMessage(message);
  if (shown === message) return;
  // V8 composes a stack when it is first read, which takes as long as all else here.
  const { stack } = error;
  // `Reflect.set` returns false for a frozen error.
  Reflect.set(error, 'message', shown);
  // The stack begins with the message.
  if (typeof stack === 'string')
    Reflect.set(
      error,
      'stack',
      stack.replace(message, () => shown),
    );
}
