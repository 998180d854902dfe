/**
 * One import of a file, whatever its syntax: `import`, `export … from`, `import()`, `require()`.
 */
export interface Import {
  readonly from: string;
  /** Whether loading the file does not load the import: it is a type, or an `import()`. */
  readonly isLazy: boolean;
}

/** Matches strings and comments. */
const TEXT_OR_COMMENT =
  /'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`|\/\*[\s\S]*?\*\/|\/\/[^\n]*/g;

/** The code of a file with its comments removed and its strings emptied. */
export function withoutText(source: string): string {
  return source.replace(TEXT_OR_COMMENT, (text) => (text.startsWith('/') ? '' : "''"));
}

const STATIC = /\b(import|export)\s+(?<type>type\s)?(?:[\w$*\s{},]*?\bfrom\s+)?(?<text>TEXT\d+_)/g;
const CALL =
  /\b(?<call>import|require|createRequire\(import\.meta\.url\))\s*\(\s*(?<text>TEXT\d+_)/g;

/**
 * The imports of a file, in their order. Imports that stand in strings or comments do not count.
 */
export function importsOf(source: string): Import[] {
  const texts: string[] = [];
  // Strings are taken out first, because the text of a string may look like an import.
  const code = source.replace(TEXT_OR_COMMENT, (text) => {
    if (text.startsWith('/')) return '';
    return `TEXT${texts.push(text.slice(1, -1)) - 1}_`;
  });
  return [...code.matchAll(STATIC), ...code.matchAll(CALL)]
    .sort((a, b) => a.index - b.index)
    .map(({ groups = {} }) => ({
      from: texts[Number(groups.text?.slice('TEXT'.length, -1))] ?? '',
      isLazy: groups.call === undefined ? groups.type !== undefined : groups.call === 'import',
    }));
}
