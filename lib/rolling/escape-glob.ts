/** Characters that mean something to picomatch. */
const GLOB_CHARACTERS = /[\\*?[\]{}()!+@|^$,"]/g;

/** The glob that matches `text` and nothing else. */
export function escapeGlob(text: string): string {
  return text.replace(GLOB_CHARACTERS, '\\$&');
}
