import { inspect } from 'node:util';

/** What was thrown, as an `Error`: streams take nothing else, and users' functions throw anything. */
export function asError(thrown: unknown): Error {
  if (thrown instanceof Error) return thrown;
  return new Error(`thrown was ${inspect(thrown, { depth: 1 })}`, { cause: thrown });
}
