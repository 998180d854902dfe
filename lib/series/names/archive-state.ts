import { MEMBER_FORMATS } from '../../codec/compression/member-formats.js';
import { isManifestFile } from '../../format/manifest.js';

/** Suffix of an archive while it is written. */
export const OPEN_SUFFIX = '.open';

/** Suffixes of a compressed archive. */
export const COMPRESSED_SUFFIXES: readonly string[] = MEMBER_FORMATS.map(({ suffix }) => suffix);

/** Suffix of an archive whose writer is gone, while it is recovered. */
export const STALE_SUFFIX = '.stale';

/** Suffix of a recovered copy until it is complete. */
export const RECOVERED_SUFFIX = '.recovered';

/** Suffix of a lease: of `NAME.open` while it is written, of `NAME` while it is shipped. */
export const LEASE_SUFFIX = '.lock';

/** Suffix of a file that its writer replaced because a failed sync left its content unknown. */
export const SUSPECT_SUFFIX = '.suspect';

/** Suffixes of files beside an archive that readers must not take for archives. */
const ASIDE_SUFFIXES = ['.part', RECOVERED_SUFFIX, SUSPECT_SUFFIX, '.journal', LEASE_SUFFIX];

/** All suffixes that Shoebox appends to an archive's name to mark the state of a file. */
export const STATE_SUFFIXES: readonly string[] = [
  OPEN_SUFFIX,
  ...COMPRESSED_SUFFIXES,
  STALE_SUFFIX,
  ...ASIDE_SUFFIXES,
];

/**
 * Precedes an offset at the end of the name of a file with damaged bytes that were cut off an
 * archive.
 */
export const TORN_INFIX = '.torn-';

/**
 * The name of an archive without the suffix of its state: `.open`, `.stale`, or that of its
 * compression.
 */
export function baseNameOf(name: string): string {
  const suffix =
    [OPEN_SUFFIX, ...COMPRESSED_SUFFIXES, STALE_SUFFIX].find((state) => name.endsWith(state)) ?? '';
  return name.slice(0, name.length - suffix.length);
}

/** Whether a file of this name may be an archive. */
export function isReadableName(name: string): boolean {
  if (name.startsWith('.') || name.includes(TORN_INFIX) || isManifestFile(name)) return false;
  return !ASIDE_SUFFIXES.some((suffix) => name.endsWith(suffix));
}

/** Whether the name of an archive says that it is compressed. */
export function isCompressedName(name: string): boolean {
  return COMPRESSED_SUFFIXES.some((suffix) => name.endsWith(suffix));
}

/** Whether the archive at `path` may end anywhere: a writer writes it, or died while doing so. */
export function mayBeTorn(path: string): boolean {
  return path.endsWith(OPEN_SUFFIX) || path.endsWith(STALE_SUFFIX);
}

/**
 * All paths that an archive may have, in the order in which to try them. While it is sealed, an
 * archive has its open and its sealed path; while it is compressed, both the plain and the
 * compressed file may exist.
 *
 * @param archive its path without the suffix of its state
 */
export function possiblePathsOf(archive: string): string[] {
  const suffixes = ['', ...COMPRESSED_SUFFIXES, OPEN_SUFFIX, STALE_SUFFIX];
  return suffixes.map((suffix) => archive + suffix);
}
