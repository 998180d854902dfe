/**
 * The script of the page. It reads the figures from the data block, and builds everything with
 * `textContent`, so that names and metadata stay plain text.
 */
export const PAGE_SCRIPT = `
const data = JSON.parse(document.getElementById('data').textContent);
const byId = (id) => document.getElementById(id);
const make = (name, text, className) => {
  const element = document.createElement(name);
  if (text !== undefined) element.textContent = text;
  if (className) element.className = className;
  return element;
};
const count = (number) => number.toLocaleString('en-US');
const size = (bytes) => {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let unit = 0;
  while (bytes >= 1024 && unit < units.length - 1) { bytes /= 1024; unit++; }
  return (unit === 0 ? bytes : bytes.toFixed(bytes < 10 ? 2 : 1)) + ' ' + units[unit];
};
const time = (text) => text === null || text === undefined ? '-' : text.slice(0, 19).replace('T', ' ');

const totals = [
  ['records', count(data.records)],
  ['archives', count(data.archives.length)],
  ['payload', size(data.payloadBytes)],
  ['stored', size(data.archives.reduce((sum, archive) => sum + archive.bytes, 0))],
  ['compressed to', data.rawBytes === 0 ? '-' : Math.round(100 * data.storedBytes / data.rawBytes) + ' %'],
  ['first record', time(data.firstTime)],
  ['last record', time(data.lastTime)],
  ['problems', count(data.problems.length + data.moreProblems)],
];
for (const [name, value] of totals) {
  const box = make('div');
  box.append(make('dt', name), make('dd', value));
  byId('totals').append(box);
}

const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
let chart;
const isoOf = (seconds) => new Date(seconds * 1000).toISOString().slice(0, 16).replace('T', ' ');
const tickTexts = (_plot, ticks, _axis, _space, step) => ticks.map((seconds, i) => {
  const [date, clock] = isoOf(seconds).split(' ');
  if (step >= 86400) return date;
  return i === 0 || clock === '00:00' ? clock + '\\n' + date : clock;
});
const draw = () => {
  chart?.destroy();
  const holder = byId('chart');
  const step = data.intervalMs / 1000;
  const times = data.intervals.map(({ begin }) => Date.parse(begin) / 1000);
  const counts = data.intervals.map(({ records }) => records);
  if (times.length === 0) return;
  const axis = { stroke: color('--ink'), grid: { stroke: color('--line') }, ticks: { stroke: color('--line') } };
  const marks = (plot) => {
    const context = plot.ctx;
    for (const { kind, timeMs } of data.problems) {
      if (timeMs === null) continue;
      const x = plot.valToPos(timeMs / 1000, 'x', true);
      context.fillStyle = color(kind === 'damage' ? '--damage' : '--gap');
      context.fillRect(x - 1, plot.bbox.top, 2, plot.bbox.height);
    }
  };
  chart = new uPlot({
    width: holder.clientWidth,
    height: 260,
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), 'Etc/UTC'),
    scales: { x: { time: true, range: [times[0] - step / 2, times.at(-1) + step * 1.5] }, y: { range: (_plot, _min, max) => [0, max] } },
    axes: [{ ...axis, values: tickTexts }, { ...axis, size: 70, values: (_plot, ticks) => ticks.map((tick) => count(tick)) }],
    series: [{ label: 'time', value: (_plot, seconds) => seconds === null ? '-' : isoOf(seconds) }, {
      label: 'records',
      stroke: color('--bar'),
      fill: color('--bar'),
      paths: uPlot.paths.bars({ size: [0.9, 60], align: 1 }),
      points: { show: false },
    }],
    hooks: { draw: [marks] },
  }, [times, counts], holder);
};
draw();
addEventListener('resize', draw);
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', draw);

const hours = data.intervalMs / 3600000;
byId('interval').textContent = hours === 1 ? 'Records per hour' : 'Records per ' + hours + ' hours';

for (const { key, values } of data.metadata) {
  const box = make('section');
  box.append(make('h3', key));
  if (values.length === 0) box.append(make('p', 'too many values to count', 'faint'));
  const table = make('table');
  for (const { value, count: times } of values) {
    const row = table.insertRow();
    row.append(make('td', value, 'name'), make('td', count(times), 'number'));
  }
  box.append(table);
  byId('keys').append(box);
}

const damaged = new Set(data.problems.filter(({ kind }) => kind === 'damage').map(({ archive }) => archive));
const columns = [
  { name: 'name', value: ({ path }) => path, className: 'name' },
  { name: 'state', value: ({ path, state }) => damaged.has(path) ? 'damaged' : state },
  { name: 'records', value: ({ records }) => records, show: count, className: 'number' },
  { name: 'size', value: ({ bytes }) => bytes, show: size, className: 'number' },
  { name: 'first time', value: ({ firstTime }) => firstTime, show: time },
  { name: 'last time', value: ({ lastTime }) => lastTime, show: time },
  { name: 'format', value: ({ compression, format }) => compression === 'none' ? format : format + ' ' + compression },
  { name: 'writer', value: ({ writer }) => writer },
];
let sorted = { column: columns[0], isAscending: true };
const compare = (a, b) => {
  if (a === undefined) return b === undefined ? 0 : 1;
  if (b === undefined) return -1;
  return typeof a === 'number' ? a - b : a < b ? -1 : a > b ? 1 : 0;
};
const fill = () => {
  const wanted = byId('filter').value.toLowerCase();
  const { column, isAscending } = sorted;
  const shown = data.archives
    .filter((archive) => columns.some(({ value }) => String(value(archive) ?? '').toLowerCase().includes(wanted)))
    .sort((a, b) => compare(column.value(a), column.value(b)) * (isAscending ? 1 : -1));
  const body = byId('archives').tBodies[0];
  body.replaceChildren();
  for (const archive of shown) {
    const row = body.insertRow();
    if (damaged.has(archive.path)) row.className = 'damaged';
    for (const { className, show = String, value } of columns) {
      const cell = value(archive);
      row.append(make('td', cell === undefined || cell === null ? '-' : show(cell), className));
    }
  }
  byId('shown').textContent = count(shown.length) + ' of ' + count(data.archives.length) + ' archives';
  for (const header of byId('archives').tHead.rows[0].cells) {
    const isSorted = header.dataset.name === column.name;
    header.setAttribute('aria-sort', isSorted ? (isAscending ? 'ascending' : 'descending') : 'none');
  }
};
for (const column of columns) {
  const header = make('th', undefined, column.className === 'number' ? 'number' : '');
  header.scope = 'col';
  header.dataset.name = column.name;
  const button = make('button', column.name);
  button.addEventListener('click', () => {
    sorted = { column, isAscending: sorted.column !== column || !sorted.isAscending };
    fill();
  });
  header.append(button);
  byId('archives').tHead.rows[0].append(header);
}
byId('filter').addEventListener('input', fill);
fill();

if (data.problems.length > 0) {
  byId('problems').hidden = false;
  for (const { archive, kind, message } of data.problems) {
    byId('problem-list').append(make('li', archive === '' ? message : archive + ': ' + message, kind));
  }
  if (data.moreProblems > 0) byId('problem-list').append(make('li', count(data.moreProblems) + ' more'));
}
`;
