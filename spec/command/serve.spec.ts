import { writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

import { expect } from 'chai';

import { createArchiveReader } from '../../lib/index.js';
import { callShoebox } from '../support/call-shoebox.js';
import { hasPromtool, promtool } from '../support/promtool.js';
import { exchange, post, ServeChildren } from '../support/serve-tools.js';

describe('shoebox serve', () => {
  const children = new ServeChildren();
  afterEach(() => children.end());

  it('archives what is posted, and answers once it is synced', async () => {
    const { directory, stop, url } = await children.start([
      '--max-body',
      '100',
      '--max-batch',
      '1000',
    ]);
    const first = await post(`${url}/?event=login&event=last`, '{"a":1}', {
      'X-Shoebox-Meta-Tenant': Buffer.from('Zoë').toString('latin1'),
    });
    expect(first.status).to.equal(200);
    expect(first.body).to.deep.equal({ writer: first.body.writer, sequence: 0 });
    expect(first.body.writer).to.match(/^[0-9a-f]{16}$/);
    const second = await post(`${url}/records/a%2Fb/c?path=x`, 'not json');
    expect(second.body.sequence).to.equal(1);

    const refused: [path: string, init: RequestInit, status: number, headers?: object][] = [
      ['/', { method: 'PUT', body: 'x' }, 405, { allow: 'POST' }],
      ['/', { method: 'POST', body: 'x'.repeat(101) }, 413],
      ['/', { method: 'POST', body: 'x', headers: { 'Content-Encoding': 'gzip' } }, 415],
      ['/records/%ff', { method: 'POST', body: 'x' }, 400],
      ['/?a=%ff', { method: 'POST', body: 'x' }, 400],
      ['/', { method: 'POST', body: 'x', headers: { 'X-Shoebox-Meta-A': '\xff' } }, 400],
      ['/other', { method: 'POST', body: 'x' }, 404],
      ['/metrics', { method: 'POST', body: 'x' }, 405, { allow: 'GET, HEAD' }],
    ];
    for (const [path, init, status, headers = {}] of refused) {
      const response = await fetch(url + path, init);
      expect(response.status, `${init.method} ${path}`).to.equal(status);
      expect(await response.json()).to.have.property('error');
      expect(Object.fromEntries(response.headers)).to.include(headers);
    }

    const batch = await fetch(`${url}/?kind=batch`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/x-ndjson' },
      body: `{"n":1}\n{"n":\n${'1'.repeat(101)}\n{"n":2}`,
    });
    expect(batch.status).to.equal(200);
    const results = (await batch.text())
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    const { writer } = first.body;
    expect(results[0]).to.deep.equal({ line: 1, writer, sequence: 2 });
    expect(results[1].error).to.match(/^the line is no JSON/);
    expect(results[2]).to.deep.equal({ line: 3, error: 'the line has more than 100 bytes' });
    expect(results[3]).to.deep.equal({ line: 4, writer, sequence: 3 });

    const health = await fetch(`${url}/healthz`);
    expect([health.status, await health.json()]).to.deep.equal([200, { status: 'ok' }]);
    const metrics = await (await fetch(`${url}/metrics`)).text();
    expect(metrics).to.contain('\nshoebox_records_total 4\n');
    expect(metrics).to.contain('shoebox_http_responses_total{code="405"} 2\n');
    if (hasPromtool()) expect(promtool(['check', 'metrics'], metrics).status).to.equal(0);

    const { code, stderr } = await stop();
    expect([code, stderr.split('\n').at(-1)]).to.deep.equal([0, '4 records in 1 archive']);
    const records = await createArchiveReader(directory).toArray();
    expect(records.map((record) => [record.text(), { ...record.metadata }])).to.deep.equal([
      ['{"a":1}', { event: 'last', tenant: 'Zoë' }],
      ['not json', { path: 'a/b/c' }],
      ['{"n":1}', { kind: 'batch' }],
      ['{"n":2}', { kind: 'batch' }],
    ]);
  });

  it('wants the token, whatever the size of the body', async () => {
    const env = { SHOEBOX_TOKEN: 'secret' };
    const { url } = await children.start(['--max-body', '10'], env);
    for (const authorization of ['', 'Bearer wrong', 'Basic secret']) {
      const { headers, status } = await post(`${url}/%ff`, 'x'.repeat(100), { authorization });
      expect([status, headers.get('www-authenticate')]).to.deep.equal([401, 'Bearer']);
    }
    // The body is not asked for either.
    const asked = await exchange(url, ['POST / HTTP/1.1', 'Expect: 100-continue'], '');
    expect(asked).to.match(/^HTTP\/1\.1 401 /);
    const { status } = await post(url, 'x', { authorization: 'Bearer secret' });
    expect(status).to.equal(200);
    expect((await fetch(`${url}/healthz`)).status).to.equal(200);
    expect((await fetch(`${url}/metrics`)).status).to.equal(401);
  });

  it('takes a token that is not ASCII', async () => {
    const { url } = await children.start([], { SHOEBOX_TOKEN: 'gehéim' });
    const authorization = `Bearer ${Buffer.from('gehéim').toString('latin1')}`;
    expect((await post(url, 'x', { authorization })).status).to.equal(200);
  });

  it('archives no encoded bytes and no byte order mark as JSON, and says 100 to HTTP/1.1 only', async () => {
    const { url } = await children.start();
    const head = ['POST / HTTP/1.1', 'Transfer-Encoding: gzip, chunked'];
    const encoded = await exchange(url, head, '2\r\n{}\r\n0\r\n\r\n');
    expect(encoded).to.match(/^HTTP\/1\.1 501 /);
    const marked = await post(url, '\ufeff{}\n', { 'Content-Type': 'application/x-ndjson' });
    expect(marked.body.error).to.match(/^the line is no JSON/);
    const old = ['POST / HTTP/1.0', 'Expect: 100-continue', 'Content-Length: 2'];
    expect(await exchange(url, old, '{}')).to.match(/^HTTP\/1\.1 200 /);
  });

  it('ends a request that does not arrive in time with 408', async () => {
    const { url } = await children.start(['--request-timeout', '1ms']);
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    socket.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nab');
    expect(await text(socket)).to.match(/^HTTP\/1\.1 408 /);
  });

  it('refuses to listen beyond this computer without a token', async () => {
    const directory = await children.makeDirectory();
    for (const address of [':0', '0.0.0.0:0', '[::]:0', '192.0.2.1:80', 'example.com:80']) {
      const { code, stderr } = await callShoebox(['serve', directory, '--listen', address]);
      expect([code, stderr.split(':')[0]], address).to.deep.equal([2, 'shoebox']);
      expect(stderr).to.contain('give a token');
    }
    await writeFile(join(directory, 'empty'), '\n');
    const wrong: [options: string[], message: string][] = [
      [['--token-file', join(directory, 'empty')], 'is empty'],
      [['--ack', 'shipped'], '--ack shipped goes with --to'],
      [['--keep'], '--keep goes with --to'],
      [['--tls-key', 'x'], '--tls-cert and --tls-key go together'],
      [
        ['--tls-cert', join(directory, 'empty'), '--tls-key', join(directory, 'empty')],
        'are no certificate and its key in PEM',
      ],
      [['--listen', '80'], 'expected HOST:PORT'],
    ];
    for (const [options, message] of wrong) {
      const { code, stderr } = await callShoebox(['serve', directory, ...options]);
      expect([code, stderr.includes(message)], stderr).to.deep.equal([2, true]);
    }
  });
});
