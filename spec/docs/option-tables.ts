import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** One field of an options interface, as its declaration and its doc comment say it. */
export interface OptionRow {
  readonly name: string;
  readonly type: string;
  readonly isRequired: boolean;
  /** The text after `@default`; undefined where there is none. */
  readonly defaultValue: string | undefined;
  readonly description: string;
}

/** The text of an interface between its braces, and the interfaces that it extends or stands for. */
interface Declaration {
  readonly body: string;
  readonly parents: readonly string[];
}

const LIB = fileURLToPath(new URL('../../lib/', import.meta.url));
const SOURCES = readdirSync(LIB, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts'))
  .map((path) => readFileSync(join(LIB, path), 'utf8'));

/** A field, with the doc comment before it where it has one. */
const FIELD = /(?:\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*)?readonly (\w+)(\??):\s*([^;]+);/g;

/** A default that is a value, not words. */
const LITERAL = /^('.*'|\[.*\]|\d+|true|false|systemClock|nodeFileLayer)$/;

/** A Markdown table of an interface's own fields and of those that it inherits, in their order. */
export function optionTable(name: string): string {
  const rows = optionRows(name).map(({ defaultValue, description, isRequired, ...row }) => {
    const fallback = isRequired ? 'required' : asDefault(defaultValue);
    return `| \`${row.name}\` | ${asCell(`\`${row.type}\``)} | ${asCell(description)} | ${asCell(fallback)} |`;
  });
  return ['| option | type | meaning | default |', '|---|---|---|---|', ...rows].join('\n');
}

/** The fields of an interface of lib/, its own first, then those that it inherits. */
export function optionRows(name: string): OptionRow[] {
  const { body, parents } = declarationOf(name);
  return [...ownRows(body), ...parents.flatMap(inheritedRows)];
}

function ownRows(body: string): OptionRow[] {
  return [...body.matchAll(FIELD)].map(([, comment = '', name = '', mark, type = '']) => {
    const text = comment
      .replace(/^\s*\* ?/gm, ' ')
      .replace(/\s+/g, ' ')
      .trim();
    const [description = '', defaultValue] = text.split(/\s*@default /);
    return {
      name,
      type: type
        .replace(/\s+/g, ' ')
        .replace(/\breadonly /g, '')
        .replace(/ \| undefined$/, ''),
      isRequired: mark === '',
      defaultValue,
      description,
    };
  });
}

/** `Parent`, `Omit<Parent, 'a' | 'b'>` or `Pick<Parent, 'a' | 'b'>`. */
function inheritedRows(parent: string): OptionRow[] {
  const [, operator, name = '', keys = ''] = /^(Omit|Pick)<\s?(\w+), ([^>]+)>$/.exec(parent) ?? [];
  if (operator === undefined) return optionRows(parent);
  const listed = [...keys.matchAll(/'(\w+)'/g)].map(([, key]) => key);
  return optionRows(name).filter((row) => listed.includes(row.name) === (operator === 'Pick'));
}

function declarationOf(name: string): Declaration {
  const alias = new RegExp(`^export type ${name} = ([\\w<>,'| ]+);`, 'm');
  const declared = new RegExp(
    `^export interface ${name}\\b\\s*(?:extends ([\\s\\S]*?))?\\{([\\s\\S]*?)\\n?\\}\\n`,
    'm',
  );
  for (const source of SOURCES) {
    const [, other] = alias.exec(source) ?? [];
    if (other !== undefined) return { body: '', parents: splitParents(other) };
    const [, parents, body] = declared.exec(source) ?? [];
    if (body !== undefined) return { body, parents: splitParents(parents ?? '') };
  }
  throw new Error(`lib/ has no interface ${name}`);
}

/** Splits at the commas outside of angle brackets. */
function splitParents(parents: string): string[] {
  return [...parents.matchAll(/\w+(?:<[^>]*>)?/g)].map(([parent]) => parent.replace(/\s+/g, ' '));
}

function asDefault(value = 'none'): string {
  return LITERAL.test(value) ? `\`${value}\`` : value;
}

function asCell(text: string): string {
  return text.replaceAll('|', '\\|');
}
