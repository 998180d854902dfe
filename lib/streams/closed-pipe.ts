import { isError } from '../errors/is-error.js';

/**
 * For the rejection of a pipeline to a pipe such as stdout: accepts that the program at its other end
 * has read enough, as `head` does, and throws any other error again. Before that, the pipeline
 * ends its source.
 *
 * ```ts
 * await pipeline(reader, toJsonLines(), process.stdout).catch(ignoreClosedPipe);
 * ```
 *
 * @throws the error, unless its code is `EPIPE`
 */
export function ignoreClosedPipe(error: unknown): void {
  if (isError(error) && 'code' in error && error.code === 'EPIPE') return;
  throw error;
}
