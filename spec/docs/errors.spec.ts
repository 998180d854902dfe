import { readdirSync, readFileSync } from 'node:fs';

import { expect } from 'chai';

const LIB = new URL('../../lib/', import.meta.url);
const PAGE = readFileSync(new URL('../../docs/errors.md', import.meta.url), 'utf8');

/** Errors of JavaScript and Node that the page names. */
const FOREIGN = ['TypeError', 'RangeError', 'AbortError'];

function sourcesOf(folder: string): string[] {
  const names = readdirSync(new URL(folder, LIB), { recursive: true, encoding: 'utf8' });
  return names
    .filter((name) => name.endsWith('.ts'))
    .map((name) => readFileSync(new URL(`${folder}${name}`, LIB), 'utf8'));
}

/** All first groups of `pattern` in `texts`, sorted, each once. */
function namesIn(texts: readonly string[], pattern: RegExp): string[] {
  const found = texts.flatMap((text) => [...text.matchAll(pattern)].map(([, name = '']) => name));
  return [...new Set(found)].sort();
}

/** The rows of the section's table: the cells of each, without the header. */
function rowsOf(section: string): string[][] {
  const [, text = ''] = PAGE.split(`\n## ${section}\n`);
  const [body = ''] = text.split('\n## ');
  const rows = body.split('\n').filter((line) => line.startsWith('|'));
  return rows.slice(2).map((row) => row.split(/(?<!\\)\|/).map((cell) => cell.trim()));
}

/** The name in backticks that each row of the section's table begins with. */
function namedBy(section: string): string[] {
  return rowsOf(section).map(([, first = '']) => /^`([\w-]+)`/.exec(first)?.[1] ?? first);
}

describe('docs/errors.md', () => {
  const codes = namesIn(sourcesOf('./'), /'(ERR_\w+)'/g);
  const classes = namesIn(sourcesOf('errors/'), /export class (\w+)/g);

  it('names every code in lib/, and no other', () => {
    expect(codes).to.include('ERR_ARCHIVE_DAMAGED');
    expect(namesIn([PAGE], /\b(ERR_\w+)/g)).to.deep.equal(codes);
  });

  it('has a row for every code, in the table of classes or in that of codes', () => {
    const ofClasses = rowsOf('Classes').flatMap(([, , cell = '']) => namesIn([cell], /(ERR_\w+)/g));
    const rows = [...ofClasses, ...namedBy('Codes of ArchiveError')];
    expect(rows.sort()).to.deep.equal(codes);
  });

  it('has a row for every class in lib/errors, and names no other error', () => {
    expect(namedBy('Classes').sort()).to.deep.equal(classes);
    expect(namesIn([PAGE], /`(\w+Error)`/g)).to.have.members([...classes, ...FOREIGN]);
  });

  it('names every field of a class in its row', () => {
    for (const source of sourcesOf('errors/')) {
      const [, body = ''] = source.split(/export class /);
      const name = /^\w*/.exec(body)?.[0];
      const fields = namesIn([body], /^ {2}readonly (\w+):/gm);
      const row = rowsOf('Classes').find(([, first = '']) => first.startsWith(`\`${name}\``));
      for (const field of fields) expect(row?.join(' '), name).to.include(`\`${field}\``);
    }
  });

  it('has a row for every reason of damage, and for no other', () => {
    const [source = ''] = sourcesOf('errors/').filter((text) => text.includes('DamageReason ='));
    const [, union = ''] = source.split('DamageReason =');
    const reasons = namesIn([union.split(';')[0] ?? ''], /'([\w-]+)'/g);
    expect(reasons).to.include('bad-checksum');
    expect(namedBy('Damage').sort()).to.deep.equal(reasons);
  });
});
