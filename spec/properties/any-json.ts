import { expect } from 'chai';
import fc from 'fast-check';

import { JsonScanner, WHOLE_JSON } from '../../lib/codec/json-lines/json-scanner.js';
import type { NamedProperty } from './named-property.js';

// Not a backslash alone: after an object with that name, JSON.parse of Node 24.21 (V8 13.6) reads the name "\"" as it, too.
const name = fc.constantFrom('event', 'a', 'b', '', '"', '\\a', 'é', '\u{1f600}', '__proto__');
const path = fc.array(name, { minLength: 1, maxLength: 3 });

/** A name as JSON, with its characters escaped or as they are. */
const key = fc
  .tuple(name, fc.boolean())
  .map(([text, isEscaped]) => (isEscaped ? `"${escapeAll(text)}"` : JSON.stringify(text)));

function escapeAll(text: string): string {
  const units = Array.from({ length: text.length }, (_, i) => text.charCodeAt(i));
  return units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('');
}

const space = fc.constantFrom('', '', '', ' ', '\t', '\r', '\n  ');
const text = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 40 }).map((value) => JSON.stringify(value)),
  fc.constantFrom('"\\ud800"', '"\\u0041\\/"', '"}{][,:"', '"\\"event\\":1"', '""'),
);
const word = fc.oneof(
  fc.constantFrom('0', '-0', '1.10', '1E+2', '12345678901234567890', 'true', 'false', 'null'),
  fc.double({ noDefaultInfinity: true, noNaN: true }).map((value) => JSON.stringify(value)),
);

/** Any JSON, with names that repeat, escapes and white space. */
const { json } = fc.letrec<{ json: string; value: string }>((tie) => ({
  json: fc.tuple(space, tie('value'), space).map((parts) => parts.join('')),
  value: fc.oneof(
    { maxDepth: 4, depthIdentifier: 'json' },
    { weight: 1, arbitrary: text },
    { weight: 1, arbitrary: word },
    {
      weight: 1,
      arbitrary: fc.array(tie('json'), { maxLength: 4 }).map((items) => `[${items.join(',')}]`),
    },
    {
      weight: 3,
      arbitrary: fc
        .array(fc.tuple(space, key, space, tie('json')), { maxLength: 6 })
        .map((members) => `{${members.map(([a, b, c, d]) => `${a}${b}${c}:${d}`).join(',')}}`),
    },
  ),
}));

/** JSON in which some bytes were changed. */
const almostJson = fc
  .tuple(json, fc.nat(), fc.constantFrom(...'{}[],:"\\ 0-.eEutn\u0000\n', ''), fc.boolean())
  .map(([whole, position, character, replaces]) => {
    const at = position % (whole.length + 1);
    return `${whole.slice(0, at)}${character}${whole.slice(at + (replaces ? 1 : 0))}`;
  });

export const scannerAgreesWithParse: NamedProperty = {
  name: 'the scanner accepts what JSON.parse accepts, and finds the values that it finds',
  property: fc.property(
    fc.oneof(json, almostJson),
    fc.array(path, { maxLength: 5 }),
    fc.nat(20),
    (source, paths, before) => {
      const scanner = new JsonScanner(paths);
      const bytes = Buffer.from(`${'['.repeat(before)}\n${source}\n"]}`);
      const end = bytes.length - 4;
      scanner.load(bytes);
      const isWhole = scanner.scan(before + 1, end) === WHOLE_JSON;
      const parsed = parse(bytes.toString('utf8', before + 1, end));
      expect(isWhole).to.equal(parsed !== undefined);
      if (parsed === undefined) return;
      for (const [i, names] of paths.entries()) {
        expect(meaningOf(scanner.textOf(i), scanner.kindOf(i))).to.deep.equal(
          expectedOf(parsed.value, names),
        );
      }
    },
  ),
};

function parse(source: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(source) };
  } catch {
    return undefined;
  }
}

/** The value that a text stands for, as far as JSON has it; undefined for null. */
function meaningOf(found: string | undefined, kind: number): unknown {
  if (found === undefined) return undefined;
  return kind === 1 || kind === 2 ? found : JSON.parse(found);
}

function expectedOf(value: unknown, names: readonly string[]): unknown {
  let at = value;
  for (const member of names) {
    if (typeof at !== 'object' || at === null || Array.isArray(at)) return undefined;
    if (!Object.hasOwn(at, member)) return undefined;
    at = Reflect.get(at, member);
  }
  if (typeof at === 'string') return at.toWellFormed();
  return at ?? undefined;
}
