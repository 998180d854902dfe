const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/** A bar of `value` in a plot whose largest value is `most`, at most `width` columns long. */
export function bar(value: number, most: number, width: number): string {
  const eighths = most === 0 ? 0 : Math.max(Math.round((value / most) * width * 8), 1);
  return '█'.repeat(Math.floor(eighths / 8)) + (EIGHTHS[eighths % 8] ?? '');
}
