import { extname } from 'node:path';

/**
 * The name to try when `name` is taken: `a.events` becomes `a-1.events`, a name without an
 * extension `a-1`.
 *
 * @param n the number of the alternative, from 1
 */
export function alternativeName(name: string, n: number): string {
  if (!Number.isSafeInteger(n) || n < 1) {
    throw new RangeError(`alternative of ${name} is ${n}, expected a whole number, 1 or more`);
  }
  const extension = extname(name);
  return `${name.slice(0, name.length - extension.length)}-${n}${extension}`;
}

/** The name to try as number `n`, from 0: `name` itself, then its alternatives. May be a path. */
export function nthName(name: string, n: number): string {
  return n === 0 ? name : alternativeName(name, n);
}
