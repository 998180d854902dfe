/** What an archive's name ends with while it is written. */
export const OPEN_SUFFIX = '.open';

/** What it ends with once it is compressed. */
export const GZIP_SUFFIX = '.gz';

/** What it ends with while it is recovered: its owner was gone. */
export const STALE_SUFFIX = '.stale';

/** What the copy of such an archive is called until it is whole. */
export const RECOVERED_SUFFIX = '.recovered';

/** What the file is called that stands for the lease of an open archive. */
export const LEASE_SUFFIX = '.lock';

/** What a file is called that its writer could not rely on any more, and has replaced by another. */
export const SUSPECT_SUFFIX = '.suspect';

/** What files are called that are beside an archive and are not to be read as one. */
const ASIDE_SUFFIXES = ['.part', RECOVERED_SUFFIX, SUSPECT_SUFFIX, '.journal', LEASE_SUFFIX];

/** What Shoebox appends to an archive's name to say what state a file is in. */
export const STATE_SUFFIXES: readonly string[] = [
  OPEN_SUFFIX,
  GZIP_SUFFIX,
  STALE_SUFFIX,
  ...ASIDE_SUFFIXES,
];

/** Comes before an offset, at the end of the name of a file that holds what was cut off an archive. */
export const TORN_INFIX = '.torn-';

/** The name of an archive whatever its state: without `.open`, `.gz` or `.stale`. */
export function baseNameOf(name: string): string {
  const suffix =
    [OPEN_SUFFIX, GZIP_SUFFIX, STALE_SUFFIX].find((state) => name.endsWith(state)) ?? '';
  return name.slice(0, name.length - suffix.length);
}

/** Whether a file of this name may be an archive. */
export function isReadableName(name: string): boolean {
  if (name.startsWith('.') || name.includes(TORN_INFIX)) return false;
  return !ASIDE_SUFFIXES.some((suffix) => name.endsWith(suffix));
}

/** Whether the archive at `path` may end anywhere: it is written, or was until its writer died. */
export function mayBeTorn(path: string): boolean {
  return path.endsWith(OPEN_SUFFIX) || path.endsWith(STALE_SUFFIX);
}

/**
 * Where an archive may be, the place to look first before the others: a sealed archive has both names for
 * an instant, and a compressed one may lie beside what it was made of.
 *
 * @param archive its path without the suffix of its state
 */
export function possiblePathsOf(archive: string): string[] {
  return ['', GZIP_SUFFIX, OPEN_SUFFIX, STALE_SUFFIX].map((suffix) => archive + suffix);
}
