import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { request } from 'node:https';
import { connect } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { expect } from 'chai';

import { createArchiveReader } from '../../lib/index.js';
import { exchange, post, ServeChildren } from '../support/serve-tools.js';
import { SmallDisk } from '../support/small-disk.js';
import { until } from '../support/until.js';

const run = promisify(execFile);
const MIB = 2 ** 20;

/** With 120,000, the results are more than the buffers of a connection hold, as the gate has it. */
const MANY_LINES = Number(process.env.SERVE_LINES ?? 10_000);

describe('shoebox serve, at its limits', () => {
  const children = new ServeChildren();
  afterEach(() => children.end());

  it('gives 503 and 429 with Retry-After while the disk is full, and loses nothing', async function () {
    const disk = await SmallDisk.mount('size=4m');
    if (disk === null) {
      console.log('    skipped: mounting is not allowed here');
      return this.skip();
    }
    try {
      const options = ['--ack-timeout', '300ms', '--max-backlog', '200kB'];
      const { lines, stop, url } = await children.start(options, {}, disk.path);
      const stored: number[] = [];
      // On a busy machine a record may not be safe within so short a time.
      const storeOne = async (payload: string) => {
        const { body, status } = await post(url, payload);
        if (status === 200) stored.push(body.sequence);
        return status === 200;
      };
      await until(() => storeOne('before'));
      const filling = join(disk.path, 'filling');
      disk.fill(filling);

      // The writer has noticed the full disk before the record that is late.
      const first = post(url, 'x'.repeat(100_000));
      await until(async () => (await fetch(`${url}/healthz`)).status === 503);
      expect((await first).status).to.equal(503);
      const late = await post(url, 'x'.repeat(50_000));
      expect([late.status, late.headers.get('retry-after')]).to.deep.equal([503, '5']);
      expect(late.body.error).to.match(/^the record is not synced after 0\.3 s.*\(ENOSPC: /);
      const answers = await Promise.all(
        Array.from({ length: 30 }, () => post(url, 'y'.repeat(500_000))),
      );
      const full = answers.find(({ status }) => status === 429);
      expect(full?.headers.get('retry-after')).to.equal('1');
      expect(answers.map(({ status }) => status)).to.not.include(200);
      const batch = await fetch(url, {
        method: 'POST',
        headers: { 'Content-Type': 'application/x-ndjson' },
        body: '{"a":1}\n{"a":2}\n',
      });
      expect(batch.status).to.equal(200);
      expect(
        (await batch.text()).match(/"error":"(the record is not|too much waits)/g),
      ).to.have.length(2);

      await rm(filling);
      await until(() => storeOne('after'));
      expect((await fetch(`${url}/healthz`)).status).to.equal(200);
      const metrics = await (await fetch(`${url}/metrics`)).text();
      expect(metrics).to.match(/^shoebox_stalls_total [1-9]/m);
      expect(metrics).to.match(/^shoebox_http_responses_total\{code="503"\} [1-9]/m);
      expect(lines.join('\n')).to.match(/warning: waiting, because .*ENOSPC/);
      expect((await stop()).code).to.equal(0);
      const sequences = (await createArchiveReader(disk.path).toArray()).map(
        (record) => record.sequence,
      );
      expect(sequences).to.include.members(stored);
    } finally {
      await children.end();
      await disk.unmount();
    }
  });

  it('answers once the record is in the store, or 503 if the store is away', async () => {
    const to = await children.makeDirectory();
    const there = await children.start(['--to', to, '--ack', 'shipped']);
    const both = await Promise.all([post(there.url, 'a'), post(there.url, 'b')]);
    expect(both.map(({ status }) => status)).to.deep.equal([200, 200]);
    expect(await createArchiveReader(to).toArray()).to.have.length(2);
    // A token that is neither valid nor secret.
    const env = { AWS_ACCESS_KEY_ID: 'key', AWS_SECRET_ACCESS_KEY: 'secret-key', AWS_REGION: 'x' };
    const nowhere = ['--to', 's3://bucket/a', '--s3-endpoint', 'http://127.0.0.1:9'];
    const options = ['--ack', 'shipped', '--ack-timeout', '1ms', '--deadline', '1ms', ...nowhere];
    const away = await children.start(options, { ...env, SHOEBOX_LOG_FORMAT: 'json' });
    const { body, headers, status } = await post(away.url, 'c');
    expect([status, headers.get('retry-after')]).to.deep.equal([503, '5']);
    expect(body.error).to.match(/^the record is not shipped after 0\.001 s, but may be later/);
    const { code, stderr } = await away.stop();
    expect([code, stderr.includes('secret-key')]).to.deep.equal([1, false]);
    for (const line of stderr.split('\n')) expect(JSON.parse(line)).to.include({ name: 'shoebox' });
  });

  it('refuses bodies that are too large, also to clients that read nothing before they sent all', async () => {
    const { url } = await children.start(['--max-body', '1kB', '--max-batch', '3MiB']);
    const large = 'x'.repeat(5 * MIB);
    const post = 'POST / HTTP/1.1';
    const chunked = (body: string) => `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
    const sized = await exchange(url, [post, `Content-Length: ${large.length}`], large);
    expect(sized).to.match(/^HTTP\/1\.1 413 .*the body has more than 1000 bytes/s);
    const open = await exchange(url, [post, 'Transfer-Encoding: chunked'], chunked(large));
    expect(open).to.match(/^HTTP\/1\.1 413 /);
    const waits = await exchange(url, [post, 'Content-Length: 5000', 'Expect: 100-continue'], '');
    expect(waits).to.match(/^HTTP\/1\.1 413 /);
    const asked = await exchange(url, [post, 'Content-Length: 1', 'Expect: 100-continue'], 'x');
    expect(asked).to.match(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 /);
    const typed = [post, 'Content-Type: application/x-ndjson', 'Transfer-Encoding: chunked'];
    const lines = await exchange(url, typed, chunked(`${'1\n'.repeat(3)}${large}`));
    expect(lines).to.match(/^HTTP\/1\.1 200 /);
    expect(lines).to.contain('{"line":4,"error":"the batch has more than 3145728 bytes"}');
    expect(lines.match(/"sequence":/g)).to.have.length(3);
    const many = await exchange(url, typed, chunked('1\n'.repeat(MANY_LINES)));
    expect(many.match(/"sequence":/g)).to.have.length(MANY_LINES);

    // The connection stays open until a slow client has sent everything.
    const slow = connect(Number(new URL(url).port), '127.0.0.1');
    let answer = '';
    slow.setEncoding('utf8').on('data', (text: string) => {
      answer += text;
    });
    const ended = once(slow, 'end');
    const piece = (body: string) => `${body.length.toString(16)}\r\n${body}\r\n`;
    slow.write([...typed, 'Host: x', 'Connection: close', '', ''].join('\r\n'));
    slow.write(piece(`1\n${large}`));
    await until(() => answer.includes('the batch has more than'));
    for (let n = 0; n < 10; n++) await new Promise((resolve) => slow.write(piece('x'), resolve));
    slow.write(piece(''));
    await ended;
    slow.destroy();
    expect(answer).to.match(/\r\n0\r\n\r\n$/);
  });

  it('serves HTTPS', async function () {
    const directory = await children.makeDirectory();
    const [key, cert] = [join(directory, 'key.pem'), join(directory, 'cert.pem')];
    const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
    const files = ['-keyout', key, '-out', cert, '-days', '1', '-subj', '/CN=localhost'];
    try {
      await run('openssl', ['req', '-x509', ...curve, ...files]);
    } catch {
      console.log('    skipped: needs openssl, which is not installed');
      return this.skip();
    }
    const { url } = await children.start(['--tls-cert', cert, '--tls-key', key]);
    expect(url).to.match(/^https:/);
    const status = await new Promise((resolve, reject) => {
      const sent = request(url, { method: 'POST', rejectUnauthorized: false }, (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      sent.on('error', reject).end('x');
    });
    expect(status).to.equal(200);
  });
});
