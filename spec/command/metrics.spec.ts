import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { expect } from 'chai';

import { prometheusText } from '../../lib/command/output/prometheus.js';
import { createArchiveWriter } from '../../lib/index.js';
import { hasPromtool, promtool } from '../support/promtool.js';
import { TemporaryDirectories } from '../support/series.js';

const PROJECT = new URL('../../', import.meta.url);
const ALERTS = fileURLToPath(new URL('examples/deploy/alerts.yml', PROJECT));

describe('the metrics', () => {
  const temporary = new TemporaryDirectories();
  let text: string;

  before(async () => {
    const writer = createArchiveWriter({ directory: await temporary.make() });
    writer.write({ payload: 'x' });
    await writer.close();
    const http = { responses: { 200: 1, 503: 2 }, version: '1.2.3' };
    text = prometheusText(writer.stats(), http);
  });
  after(() => temporary.remove());

  /** The names of all series, those of a histogram included. */
  const names = () => new Set([...text.matchAll(/^(\w+)(?:\{| )/gm)].map(([, name = '']) => name));

  it('are in the text format, by the conventions of Prometheus', function () {
    if (!hasPromtool()) return this.skip();
    expect(promtool(['check', 'metrics'], text)).to.deep.equal({ status: 0, output: '' });
    const wrong = promtool(['check', 'metrics'], '# TYPE a counter\na 1\n');
    expect(wrong.status).to.not.equal(0);
  });

  it('have every figure of `stats`', () => {
    const samples = text.match(/^shoebox_\w+(?:\{[^}]*\})? [\d.e+-]+$/gm) ?? [];
    const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    expect(samples).to.deep.equal(lines);
    for (const line of [
      'shoebox_records_total 1',
      'shoebox_blocks_total 1',
      'shoebox_rolls_total 0',
      'shoebox_spool_bytes 0',
      'shoebox_oldest_unshipped_archive_age_seconds 0',
      'shoebox_uploads_total{outcome="failed"} 0',
      'shoebox_retries_total{of="store"} 0',
      'shoebox_stalls_total 0',
      'shoebox_http_responses_total{code="503"} 2',
      'shoebox_build_info{version="1.2.3"} 1',
    ]) {
      expect(samples).to.include(line);
    }
    const [, count] = /^shoebox_fsync_duration_seconds_count (\d+)$/m.exec(text) ?? [];
    expect(text).to.contain(`shoebox_fsync_duration_seconds_bucket{le="+Inf"} ${count}\n`);
  });

  it('have a row each in docs/operations.md', () => {
    const page = readFileSync(new URL('docs/operations.md', PROJECT), 'utf8');
    const declared = [...text.matchAll(/^# TYPE (\w+)/gm)].map(([, name = '']) => name);
    expect(declared.filter((name) => !page.includes(`\`${name}\``))).to.deep.equal([]);
  });

  it('include all that the alerts and the dashboard name', () => {
    const dashboard = readFileSync(
      new URL('examples/deploy/grafana-dashboard.json', PROJECT),
      'utf8',
    );
    const expressions = [...dashboard.matchAll(/"(?:expr|query|definition)": "(.*)"/g)];
    expect(expressions.length).to.be.greaterThan(20);
    const named = [readFileSync(ALERTS, 'utf8'), ...expressions.map(([, expr]) => expr)]
      .join('\n')
      .match(/\bshoebox_\w+/g);
    const known = names();
    expect([...new Set(named)].filter((name) => !known.has(name))).to.deep.equal([]);
    // The dashboard leaves nothing out.
    const unseen = [...known].filter((name) => !dashboard.includes(name));
    expect(unseen).to.deep.equal([]);
  });

  it('raise alerts that docs/operations.md explains', async function () {
    const alerts = [...readFileSync(ALERTS, 'utf8').matchAll(/- alert: (\w+)/g)];
    const page = readFileSync(new URL('docs/operations.md', PROJECT), 'utf8');
    const unexplained = alerts.filter(([, name]) => !page.includes(`| \`${name}\` |`));
    expect([alerts.length > 5, unexplained]).to.deep.equal([true, []]);
    if (!hasPromtool()) return this.skip();
    expect(promtool(['check', 'rules', ALERTS]).status).to.equal(0);
    const test = join(await temporary.make(), 'test.yml');
    await writeFile(test, TEST_OF_ALERTS);
    const { output, status } = promtool(['test', 'rules', test]);
    expect(status, output).to.equal(0);
  });
});

/** Expects that an alert fires for so many instances after some minutes. */
function firing(minute: number, alert: string, count: number): string {
  const expr = `count(ALERTS{alertname="${alert}", alertstate="firing"}) or vector(0)`;
  const sample = `{ labels: '{}', value: ${count} }`;
  return `      - { expr: '${expr}', eval_time: ${minute}m, exp_samples: [${sample}] }`;
}

const LABELS = '{job="shoebox", instance="a"}';

/** Series that raise some of the alerts, and others that do not. */
const TEST_OF_ALERTS = `
rule_files: [${JSON.stringify(ALERTS)}]
tests:
  - interval: 1m
    input_series:
      - { series: 'up${LABELS}', values: '1+0x60' }
      - { series: 'shoebox_stalled${LABELS}', values: '0x10 1x50' }
      - { series: 'shoebox_oldest_unshipped_archive_age_seconds${LABELS}', values: '0+60x60' }
      - { series: 'shoebox_uploads_total{job="shoebox", instance="a", outcome="failed"}', values: '0+1x60' }
      - { series: 'shoebox_uploads_total{job="shoebox", instance="a", outcome="succeeded"}', values: '0x60' }
      - { series: 'shoebox_uploads_total{job="shoebox", instance="b", outcome="failed"}', values: '0+1x60' }
      - { series: 'shoebox_uploads_total{job="shoebox", instance="b", outcome="succeeded"}', values: '0+1x60' }
      - { series: 'shoebox_fsync_duration_seconds_bucket{job="shoebox", instance="a", le="1"}', values: '0+100x60' }
      - { series: 'shoebox_fsync_duration_seconds_bucket{job="shoebox", instance="a", le="+Inf"}', values: '0+100x60' }
    promql_expr_test:
${[
  firing(9, 'ShoeboxStalled', 0),
  firing(50, 'ShoeboxStalled', 1),
  firing(50, 'ShoeboxDown', 0),
  firing(50, 'ShoeboxSlowDisk', 0),
  firing(50, 'ShoeboxDoesNotShip', 1),
  firing(50, 'ShoeboxUploadsFail', 1),
].join('\n')}
`;
