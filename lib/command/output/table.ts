/** A column: its heading, and whether its cells stand at the right, as numbers do. */
export interface Column {
  readonly heading: string;
  readonly isNumber?: boolean;
}

/** A table with columns as wide as their widest cell, two spaces apart. */
export function formatTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
): string {
  const widths = columns.map(({ heading }, i) =>
    Math.max(heading.length, ...rows.map((row) => row[i]?.length ?? 0)),
  );
  const lineOf = (cells: readonly string[]) =>
    columns
      .map(({ isNumber }, i) => {
        const cell = cells[i] ?? '';
        return isNumber ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0);
      })
      .join('  ')
      .trimEnd();
  return [columns.map(({ heading }) => heading), ...rows].map((row) => lineOf(row)).join('\n');
}
