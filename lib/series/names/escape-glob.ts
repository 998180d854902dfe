/** Characters that mean something to picomatch. */
const GLOB_CHARACTERS = /[*?[\]{}()!+@|^$,"\\]/g;

/** A picomatch pattern that matches just this text, which may be a path. */
export function escapeGlob(text: string): string {
  return text.replace(GLOB_CHARACTERS, (character) =>
    // Of three backslashes in a row and more, picomatch drops some: a set of one stays one.
    character === '\\' ? '[\\\\]' : `\\${character}`,
  );
}
