/** Follows the guide, and takes the pictures of docs/images: `npm run pictures`. Needs tmux and Chromium. */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';

import { type BrowserContextOptions, chromium } from 'playwright-core';

import { follow, stepsOf } from './guide-session.js';
import { openGuideSetting } from './guide-setting.js';

const DOCS = new URL('../../docs/', import.meta.url);
const IMAGES = fileURLToPath(new URL('images/', DOCS));
const SOCKET = ['-L', `shoebox-pictures-${process.pid}`];

/** The lines to type, and the text that shows that each command is done. */
const SESSION = [
  [
    `node shop.mjs | shoebox record shop --create-directory --name 'shop-[[SEQUENCE]].events' --roll 1MiB --time .at`,
    /36,000 records in/,
  ],
  ['shoebox ls shop', /3 archives, 36,000 records/],
  ['shoebox tail shop -n 2 --format payload', /T23:59:04/],
  [
    'node slowly.mjs | shoebox record live --create-directory --roll 1MiB',
    /[2-9],\d{3} records, \d.*\/s/,
  ],
] as const;

const SLOWLY = `import { createInterface } from 'node:readline';
import { spawn } from 'node:child_process';
const lines = createInterface({ input: spawn(process.execPath, ['shop.mjs']).stdout });
for await (const line of lines) {
  console.log(line);
  if (Math.random() < 0.02) await new Promise((resolve) => setTimeout(resolve, 15));
}
`;

const directory = await mkdtemp(join(tmpdir(), 'shoebox-guide-'));
const setting = await openGuideSetting(directory);
const executablePath = '/usr/bin/chromium';
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
try {
  await follow(stepsOf(await readFile(new URL('guide.md', DOCS), 'utf8')), setting);
  await writeFile(join(directory, 'slowly.mjs'), SLOWLY);
  await mkdir(IMAGES, { recursive: true });
  const screen = join(directory, 'screen.html');
  await writeFile(screen, pageOf(await takeScreen()));
  await take(join(directory, 'report.html'), 'report.png', {
    viewport: { width: 1100, height: 1000 },
  });
  await take(screen, 'terminal.png', { viewport: { width: 1010, height: 10 } });
} finally {
  await browser.close();
  await setting.stop();
  await rm(directory, { recursive: true });
}

async function take(path: string, name: string, options: BrowserContextOptions): Promise<void> {
  const page = await browser.newPage({ colorScheme: 'light', ...options });
  await page.goto(pathToFileURL(path).href);
  await page.screenshot({ path: join(IMAGES, name), fullPage: name === 'terminal.png' });
  await page.close();
}

/** The screen of a terminal after the session, with its colours as escape sequences. */
async function takeScreen(): Promise<string> {
  const size = ['-x', '124', '-y', '18'];
  const shell = "env PS1='$ ' bash --noprofile --norc";
  await tmux(['-f', '/dev/null', 'new-session', '-d', ...size, '-c', directory, shell]);
  try {
    // The terminal would show a line twice that is typed before the first prompt.
    await untilShown(/^\$/);
    for (const [line, isDone] of SESSION) {
      await tmux(['send-keys', '-l', line]);
      await tmux(['send-keys', 'Enter']);
      await untilShown(isDone);
      await setTimeout(300);
    }
    return await tmux(['capture-pane', '-e', '-p']);
  } finally {
    await tmux(['kill-server']);
  }
}

async function untilShown(pattern: RegExp): Promise<void> {
  const endMs = Date.now() + 30_000;
  let shown: string;
  do {
    await setTimeout(100);
    shown = await tmux(['capture-pane', '-p']);
    if (Date.now() > endMs) throw new Error(`the screen does not show ${pattern}:\n${shown}`);
  } while (!pattern.test(shown));
}

async function tmux(args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)('tmux', [...SOCKET, ...args], { env: setting.env });
  return stdout;
}

/** A page that shows text as a terminal does; of the escape sequences, colours are kept. */
function pageOf(screen: string): string {
  const colors: Record<string, string> = { 31: '#f47067', 32: '#6bc46d', 33: '#daaa3f' };
  const escaped = screen.replaceAll('&', '&amp;').replaceAll('<', '&lt;').trimEnd();
  // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences begin with one
  const body = escaped.replace(/\x1b\[([\d;]*)m/g, (_, codes: string) => {
    const color = codes
      .split(';')
      .map((code) => colors[code])
      .find(Boolean);
    return `</span><span${color === undefined ? '' : ` style="color: ${color}"`}>`;
  });
  const style =
    'margin: 0; padding: 16px; background: #22272e; color: #cdd9e5; font: 13px/1.45 monospace';
  return `<!doctype html><meta charset="utf-8"><body style="margin: 0"><pre style="${style}"><span>${body}</span></pre>`;
}
