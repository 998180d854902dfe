/** Hive's name for a value that is missing or empty. */
export const HIVE_MISSING = '__HIVE_DEFAULT_PARTITION__';

/**
 * The characters that Hive escapes: those of `FileUtils.escapePathName`, and NUL, which no path may
 * hold.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: the expression matches the characters that are escaped.
const ESCAPED = /[\u0000-\u001f"#%'*/:=?\\\u007f{[\]^]/g;

/**
 * A value of a partition as Hive writes it in the name of a folder: `%` and two hex digits for each
 * character that a path or a query could take for something else. Spaces and Unicode stay. An empty
 * value counts as missing.
 */
export function hiveValue(value: string): string {
  return value === '' ? HIVE_MISSING : value.replace(ESCAPED, percent);
}

/**
 * The name of a folder without dots at its start: `.` and `..` would lead elsewhere, and globs do not
 * match the names of hidden folders.
 */
export function hiveSegment(segment: string): string {
  return segment.replace(/^\.+/, (dots) => dots.replaceAll('.', percent));
}

function percent(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
}
