import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { expect } from 'chai';
import type { Browser } from 'playwright-core';

import { createArchiveWriter, rollByCount } from '../../lib/index.js';
import { callShoebox } from '../support/call-shoebox.js';
import { TemporaryDirectories } from '../support/series.js';

const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(
  (path) => existsSync(path),
);

/** Metadata that would run if the page took them for anything but text. */
const HOSTILE = '</script><img src=x onerror="document.title=\'hacked\'">';

describe('shoebox report', () => {
  const temporary = new TemporaryDirectories();
  afterEach(() => temporary.remove());

  /** Three archives of 4, 4 and 2 records; the second one is damaged. */
  async function makeReport(): Promise<{ directory: string; page: string }> {
    const directory = await temporary.make();
    const template = 'a-[[SEQUENCE]].events';
    const writer = createArchiveWriter({ directory, template, roll: rollByCount(4) });
    for (let i = 0; i < 10; i++) {
      const time = new Date(Date.UTC(2026, 10, 30, 9 + Math.floor(i / 4)));
      writer.write({ payload: `${i}`, time, metadata: { event: i % 2 === 0 ? HOSTILE : 'b' } });
    }
    await writer.close();
    const damaged = join(directory, 'a-000001.events');
    const bytes = await readFile(damaged);
    bytes.writeUInt8(bytes.readUInt8(90) ^ 1, 90);
    await writeFile(damaged, bytes);
    const page = join(directory, 'report.html');
    const { code, stderr } = await callShoebox(['report', `${directory}/*.events`, '-o', page]);
    expect(code, stderr).to.equal(0);
    expect(stderr).to.match(/3 archives, 6 records, 2 problems/);
    return { directory, page };
  }

  it('writes one file that loads nothing, and refuses an output that exists', async () => {
    const { directory, page } = await makeReport();
    const html = await readFile(page, 'utf8');
    expect(html).to.match(
      /Content-Security-Policy" content="default-src 'none'; script-src 'sha256-/,
    );
    expect(html).not.to.contain('<img');
    expect(html).not.to.match(/(?:src|href)="(?!data:)/);
    const again = ['report', directory, '-o', page];
    expect((await callShoebox(again)).code).to.equal(2);
    expect((await callShoebox([...again, '--force'])).code).to.equal(0);
  });

  describe('in a browser', () => {
    let browser: Browser;

    before(async function () {
      if (CHROMIUM === undefined) {
        console.log('    skipped: needs Chromium, which is not installed');
        return this.skip();
      }
      const { chromium } = await import('playwright-core');
      browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
    });

    after(() => browser?.close());

    for (const [width, colorScheme] of [
      [1200, 'light'],
      [390, 'dark'],
    ] as const) {
      it(`sorts, filters and shows figures at ${width} pixels, ${colorScheme}`, async () => {
        const { page: path } = await makeReport();
        const viewport = { width, height: 800 };
        const context = await browser.newContext({ viewport, colorScheme });
        const page = await context.newPage();
        const problems: string[] = [];
        page.on('console', (message) => problems.push(message.text()));
        page.on('pageerror', (error) => problems.push(error.message));
        const requests: string[] = [];
        page.on('request', (request) => requests.push(request.url()));
        const url = pathToFileURL(path).href;
        await page.goto(url);

        const names = () => page.locator('#archives td.name').allTextContents();
        const files = async () => (await names()).map((name) => name.slice(-15, -7));
        expect(await files()).to.deep.equal(['a-000000', 'a-000001', 'a-000002']);
        const header = page.locator('th[data-name=records]');
        await header.getByRole('button').focus();
        await page.keyboard.press('Enter');
        expect(await header.getAttribute('aria-sort')).to.equal('ascending');
        expect(await files()).to.deep.equal(['a-000002', 'a-000000', 'a-000001']);
        await page.keyboard.press('Enter');
        expect(await header.getAttribute('aria-sort')).to.equal('descending');
        expect((await files()).at(-1)).to.equal('a-000002');
        await page.locator('#filter').fill('damaged');
        expect(await files()).to.deep.equal(['a-000001']);
        expect(await page.locator('#shown').textContent()).to.equal('1 of 3 archives');

        const totals = await page.locator('#totals dd').allTextContents();
        expect(totals).to.include.members(['6', '3', '2']);
        expect(await page.locator('#problem-list li').allTextContents()).to.have.length(2);
        expect(await page.locator('#keys').textContent()).to.contain(HOSTILE);
        expect(await page.title()).to.equal('Shoebox report');
        expect(await page.locator('#chart canvas').count()).to.equal(1);
        const widths = await page.evaluate('[document.documentElement.scrollWidth, innerWidth]');
        expect(widths).to.deep.equal([width, width]);
        expect([problems, requests]).to.deep.equal([[], [url]]);
        await context.close();
      });
    }
  });
});
