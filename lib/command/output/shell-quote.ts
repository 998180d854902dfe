/** A word that a POSIX shell takes as it is. */
const PLAIN = /^[\w@%+=:,./-]+$/;

/** A command that a POSIX shell runs as it is pasted. */
export function shellQuote(words: readonly string[]): string {
  return words.map((word) => (PLAIN.test(word) ? word : quoteWord(word))).join(' ');
}

function quoteWord(word: string): string {
  // $'…' keeps a line feed on one line, where a paste would run the first half.
  if (/[\n\r\t]/.test(word)) {
    const escaped = word.replace(/[\\']/g, '\\$&');
    return `$'${escaped.replaceAll('\n', '\\n').replaceAll('\r', '\\r').replaceAll('\t', '\\t')}'`;
  }
  return `'${word.replaceAll("'", "'\\''")}'`;
}
