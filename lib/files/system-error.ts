import { isError } from '../errors/is-error.js';
import { StoreError } from '../errors/store-error.js';

/** The errors that may pass by themselves, or once the disk has room again. */
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

/** Whether a file is missing, or one of the directories in its path is a file. */
export function isMissing(error: unknown): boolean {
  const code = systemCodeOf(error);
  return code === 'ENOENT' || code === 'ENOTDIR';
}

/** Whether a failed system call may succeed later, without a person's help. */
export function isTransient(error: unknown): boolean {
  return TRANSIENT_CODES.has(systemCodeOf(error) ?? '');
}

/**
 * Turns the error of a system call into a `StoreError`. Returns every other error as it is, also
 * one that is a `StoreError` already.
 *
 * @param path the target of the call, as the message names it
 */
export function fromSystemError(error: unknown, operation: string, path: string): unknown {
  const storeCode = systemCodeOf(error);
  if (!isError(error) || storeCode === undefined) return error;
  // A message of Node: `ENOSPC: no space left on device, write`.
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

/**
 * The code of a system error, such as `ENOSPC`; undefined for the `ERR_…` codes of Node and
 * Shoebox.
 */
export function systemCodeOf(error: unknown): string | undefined {
  if (!isError(error) || !('code' in error)) return undefined;
  const { code } = error;
  return typeof code === 'string' && /^E[A-Z0-9]+$/.test(code) ? code : undefined;
}
