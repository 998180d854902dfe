/** A header of a message, and its number among the headers of its name, from 0. */
interface NumberedHeader {
  readonly name: string;
  readonly number: number;
}

const NUMBERED = /^(.*)\.(\d+)$/s;

/**
 * The end of the metadata key of a header: `NAME`, and for the further headers of the same name
 * `NAME.1`, `NAME.2`. A name that itself ends in a dot and digits is written with its number in any
 * case, as `NAME.0`, so that keys and headers stand for each other.
 *
 * @param number of the header among those of its name, from 0
 */
export function headerKey(name: string, number: number): string {
  return number === 0 && !NUMBERED.test(name) ? name : `${name}.${number}`;
}

/** The header for which the end of a metadata key stands. */
export function parseHeaderKey(key: string): NumberedHeader {
  const [, name, digits] = NUMBERED.exec(key) ?? [];
  return name === undefined ? { name: key, number: 0 } : { name, number: Number(digits) };
}

/**
 * The headers that the metadata with `prefix` stand for, by name: the values of each in their order.
 */
export function headersOfMetadata(
  metadata: Readonly<Record<string, string>>,
  prefix: string,
): Map<string, string[]> {
  const numbered = new Map<string, { readonly number: number; readonly value: string }[]>();
  for (const [key, value] of Object.entries(metadata)) {
    if (!key.startsWith(prefix)) continue;
    const { name, number } = parseHeaderKey(key.slice(prefix.length));
    const values = numbered.get(name) ?? [];
    numbered.set(name, values);
    values.push({ number, value });
  }
  return new Map(
    [...numbered].map(([name, values]) => [
      name,
      values.sort((a, b) => a.number - b.number).map(({ value }) => value),
    ]),
  );
}
