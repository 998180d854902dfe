import { basename, extname } from 'node:path';

import { compareNaturally, compareStarts } from './natural-order.js';

/** A path, cut once for many comparisons. */
export interface CutPath {
  readonly path: string;
  readonly name: string;
  /** The length of the name without its extension. */
  readonly stemLength: number;
}

export function cutPath(path: string): CutPath {
  const name = basename(path);
  return { path, name, stemLength: stemLengthOf(name) };
}

/**
 * Compares the names of archives, and the paths only of namesakes: the archives of a series may be
 * in several directories.
 */
export function compareNames(a: CutPath, b: CutPath): number {
  return compareNamesOnly(a, b) || comparePaths(a.path, b.path);
}

/** As `compareNames`, but 0 for namesakes. */
export function compareNamesOnly(a: CutPath, b: CutPath): number {
  return compareStems(a.name, a.stemLength, b.name, b.stemLength);
}

/** As `compareNames`, for whole paths or keys. */
export function comparePaths(a: string, b: string): number {
  return compareStems(a, stemLengthOf(a), b, stemLengthOf(b));
}

/** Extensions come last, so that the alternative `a-1.events` follows `a.events`. */
function compareStems(a: string, lengthA: number, b: string, lengthB: number): number {
  return compareStarts(a, lengthA, b, lengthB) || compareNaturally(a, b);
}

/** The length of a name without its extension. */
export function stemLengthOf(path: string): number {
  return path.length - extname(path).length;
}
