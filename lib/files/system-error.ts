import { StoreError } from '../errors/store-error.js';

/** What goes away by itself, or when there is room again. */
const TRANSIENT_CODES: ReadonlySet<string> = new Set([
  'ENOSPC',
  'EDQUOT',
  'EMFILE',
  'ENFILE',
  'EAGAIN',
  'EBUSY',
  'EIO',
  'ETIMEDOUT',
]);

/** The file is not there, or one of its directories is a file. */
export function isMissing(error: unknown): boolean {
  const code = systemCodeOf(error);
  return code === 'ENOENT' || code === 'ENOTDIR';
}

/** Whether a failed system call may succeed when it is made again, without anybody's doing. */
export function isTransient(error: unknown): boolean {
  return TRANSIENT_CODES.has(systemCodeOf(error) ?? '');
}

/**
 * A failed system call as a failure of the store that made it. An error that is not of the system, or
 * is a `StoreError` already, is given back as it is.
 *
 * @param path what the call was about, as the message names it
 */
export function fromSystemError(error: unknown, operation: string, path: string): unknown {
  const storeCode = systemCodeOf(error);
  if (!(error instanceof Error) || storeCode === undefined) return error;
  // Node's messages read: `ENOSPC: no space left on device, write`
  const [, text = error.message] = /^\w+: (.+?)(?:, \w+.*)?$/.exec(error.message) ?? [];
  return new StoreError(
    {
      operation,
      target: path,
      problem: `${text.toLowerCase()} (${storeCode})`,
      storeCode,
      transient: isTransient(error),
    },
    { cause: error },
  );
}

/** A system error's code, such as `ENOSPC`. (Those of Node itself, and of Shoebox, begin with `ERR_`.) */
export function systemCodeOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  const { code } = error;
  return typeof code === 'string' && /^E[A-Z0-9]+$/.test(code) ? code : undefined;
}
