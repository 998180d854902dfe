import type { TableResult } from '../results.js';
import { megabytesPerSecond } from './text-table.js';

const WIDTH = 760;
const LABEL_WIDTH = 300;
const BAR_HEIGHT = 16;
const ROW_HEIGHT = 22;
const TITLE_HEIGHT = 34;
const BAR_WIDTH = WIDTH - LABEL_WIDTH - 90;

/** Readable on white and on black. */
const COLORS = { text: '#808a94', ours: '#2f81f7', others: '#9aa4ae', limit: '#d29922' };

/** An SVG file with bars of MB/s in the best rounds, one group for each table. */
export function drawChart(tables: readonly TableResult[]): string {
  let top = 0;
  const groups = tables.map((table) => {
    const group = drawTable(table, top);
    top += TITLE_HEIGHT + table.rows.length * ROW_HEIGHT;
    return group;
  });
  const size = `width="${WIDTH}" height="${top + 10}" viewBox="0 0 ${WIDTH} ${top + 10}"`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" ${size} font-family="sans-serif" font-size="12">`,
    '<title>MB/s of payload and metadata, best rounds</title>',
    ...groups,
    '</svg>\n',
  ].join('\n');
}

function drawTable({ rows, title }: TableResult, top: number): string {
  const speeds = rows.map((row) => megabytesPerSecond(row, row.bestMs));
  const fastest = Math.max(...speeds);
  const bars = rows.map((row, i) => {
    const speed = speeds[i] ?? 0;
    const y = top + TITLE_HEIGHT + i * ROW_HEIGHT;
    const width = Math.max((BAR_WIDTH * speed) / fastest, 1).toFixed(1);
    const textY = y + BAR_HEIGHT - 4;
    return [
      text(row.title, LABEL_WIDTH - 8, textY, 'text-anchor="end"'),
      `<rect x="${LABEL_WIDTH}" y="${y}" width="${width}" height="${BAR_HEIGHT}" fill="${colorOf(row.title)}"/>`,
      text(`${Math.round(speed)} MB/s`, LABEL_WIDTH + Number(width) + 6, textY, ''),
    ].join('\n');
  });
  return [text(title, 0, top + TITLE_HEIGHT - 12, 'font-weight="bold"'), ...bars].join('\n');
}

function colorOf(title: string): string {
  if (title.startsWith('limit')) return COLORS.limit;
  return title.startsWith('createArchive') ? COLORS.ours : COLORS.others;
}

function text(value: string, x: number, y: number, attributes: string): string {
  const escaped = value.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  return `<text x="${x}" y="${y}" fill="${COLORS.text}" ${attributes}>${escaped}</text>`;
}
