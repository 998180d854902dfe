import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

import type { ReportData } from './collect-report.js';
import { PAGE_SCRIPT } from './page-script.js';
import { PAGE_STYLE } from './page-style.js';

/**
 * The page as one file. Its policy lets only these very scripts and styles run, and nothing load:
 * whatever names and metadata hold, they stay text.
 */
export function reportPage(data: ReportData): string {
  const { css, script } = readPlot();
  const styles = [css, PAGE_STYLE];
  const scripts = [script, PAGE_SCRIPT];
  const policy = [
    "default-src 'none'",
    `script-src ${scripts.map(hashSource).join(' ')}`,
    `style-src ${styles.map(hashSource).join(' ')}`,
    'img-src data:',
  ].join('; ');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>Shoebox report</title>
<link rel="icon" href="data:,">
${styles.map((style) => `<style>${style}</style>`).join('\n')}
</head>
<body>
<main>
<h1>Archives of ${escapeHtml(data.patterns.join(', '))}</h1>
<p class="faint">Made at ${escapeHtml(data.madeAt)}. All times are UTC.</p>
<dl class="totals" id="totals"></dl>
<section id="problems" hidden>
<h2>Damage and gaps</h2>
<ul id="problem-list"></ul>
</section>
<h2 id="interval">Records</h2>
<div class="chart" id="chart"></div>
<h2>Metadata</h2>
<div class="keys" id="keys"></div>
<h2>Archives</h2>
<p><label>Filter: <input id="filter" type="search" autocomplete="off"></label>
<span id="shown" role="status" class="faint"></span></p>
<div class="scroll" tabindex="0" role="region" aria-label="Archives">
<table id="archives"><thead><tr></tr></thead><tbody></tbody></table>
</div>
</main>
<script type="application/json" id="data">${dataBlock(data)}</script>
${scripts.map((text) => `<script>${text}</script>`).join('\n')}
</body>
</html>
`;
}

/** The plot's own script and style, from its package. */
function readPlot(): { script: string; css: string } {
  const require = createRequire(import.meta.url);
  const folder = dirname(require.resolve('uplot/dist/uPlot.min.css'));
  return {
    script: readFileSync(join(folder, 'uPlot.iife.min.js'), 'utf8'),
    css: readFileSync(join(folder, 'uPlot.min.css'), 'utf8'),
  };
}

function hashSource(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}

/** JSON that cannot end its script element. */
function dataBlock(data: ReportData): string {
  return JSON.stringify(data).replace(/[<\u2028\u2029]/g, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
};

function escapeHtml(text: string): string {
  return text.replace(/[&<>"]/g, (character) => ENTITIES[character] ?? character);
}
