import { types } from 'node:util';

/**
 * Whether a value is an Error of any realm: under Jest, the errors of Node's own modules are not
 * instances of the `Error` that a test sees.
 */
export function isError(value: unknown): value is Error {
  return value instanceof Error || types.isNativeError(value) || tagOf(value) === 'DOMException';
}

/** Whether an error is a `TypeError` or a `RangeError` of any realm: a mistake of the program. */
export function isMisuse(error: Error): boolean {
  return (
    error instanceof TypeError ||
    error instanceof RangeError ||
    error.name === 'TypeError' ||
    error.name === 'RangeError'
  );
}

/** Whether a value is a URL of any realm. jsdom has its own. */
export function isUrl(value: unknown): value is URL {
  return value instanceof URL || tagOf(value) === 'URL';
}

function tagOf(value: unknown): string {
  return typeof value === 'object' ? Object.prototype.toString.call(value).slice(8, -1) : '';
}
