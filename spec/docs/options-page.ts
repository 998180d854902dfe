import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';

import { optionTable } from './option-tables.js';

/** Where docs/options.md is. */
export const OPTIONS_PAGE = fileURLToPath(new URL('../../docs/options.md', import.meta.url));

/** Everything from an opening mark to the next closing mark is a table. */
const TABLE = /<!-- options (\w+) -->\n[\s\S]*?<!-- end -->/g;

/** Returns a page with each table replaced by what the doc comments say now. */
export function withCurrentTables(page: string): string {
  return page.replace(TABLE, (_text, name: string) => {
    return `<!-- options ${name} -->\n${optionTable(name)}\n<!-- end -->`;
  });
}

/** The interfaces whose tables a page has. */
export function tablesOf(page: string): string[] {
  return [...page.matchAll(TABLE)].map(([, name = '']) => name);
}

// `npm run docs` runs this file; specs import it.
if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  writeFileSync(OPTIONS_PAGE, withCurrentTables(readFileSync(OPTIONS_PAGE, 'utf8')));
}
