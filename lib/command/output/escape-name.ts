/** Control characters, and what breaks or reorders lines. */
const CONTROL = /[\p{Cc}\p{Cs}\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/** A name from outside on one line: a terminal would obey control characters in it. */
export function escapeName(name: string): string {
  return name.replace(CONTROL, (character) => {
    const escaped = JSON.stringify(character).slice(1, -1);
    if (escaped !== character) return escaped;
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}
