import { appendFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { CreateMultipartUploadCommand } from '@aws-sdk/client-s3';
import { expect } from 'chai';

import { createArchiveReader } from '../../lib/index.js';
import { callShoebox } from '../support/call-shoebox.js';
import { linesOf } from '../support/followed-log.js';
import { type S3Server, startS3 } from '../support/s3-server.js';
import { TemporaryDirectories } from '../support/series.js';
import { until } from '../support/until.js';

const NAME = /^a-[0-9a-f]{16}-00000[01]\.events\.gz$/;

/** The variables in which the SDK finds its credentials. */
const CREDENTIALS = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_REGION'];

describe('shoebox, with an S3 service', () => {
  const temporary = new TemporaryDirectories();
  const before_ = CREDENTIALS.map((name) => [name, process.env[name]] as const);
  let s3: S3Server;
  let bucket: string;
  let url: string;

  before(async () => {
    s3 = await startS3();
    const { credentials, region } = s3;
    const values = [credentials.accessKeyId, credentials.secretAccessKey, region];
    for (const [i, name] of CREDENTIALS.entries()) process.env[name] = values[i];
    bucket = await s3.createBucket();
    url = `s3://${bucket}/events`;
    const input = '{"event":"login","n":1}\n{"event":"order","n":2}\n';
    const options = [
      '--name',
      'a-[[WRITER]]-[[SEQUENCE]].events',
      '--roll',
      '1B',
      '--metadata',
      'event',
    ];
    const { code, stderr } = await shoebox(
      ['record', await temporary.make(), '--to', url, ...options],
      input,
    );
    expect(code, stderr).to.equal(0);
  });

  after(async () => {
    for (const [name, value] of before_) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
    await s3.stop();
    await temporary.remove();
  });

  async function shoebox(args: readonly string[], input = '') {
    const env = { SHOEBOX_S3_ENDPOINT: s3.endpoint, SHOEBOX_S3_PATH_STYLE: 'true' };
    const result = await callShoebox(args, { env, input });
    const { accessKeyId, secretAccessKey } = s3.credentials;
    // The embedded service has one word for both.
    const secret = secretAccessKey === accessKeyId ? 'Authorization' : secretAccessKey;
    expect(result.stderr + result.stdout).to.not.contain(secret);
    return result;
  }

  const jsonOf = (text: string) =>
    text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));

  it('lists and counts what was recorded into a bucket', async () => {
    const listed = await shoebox(['ls', url, '--json']);
    const archives = jsonOf(listed.stdout).filter(({ type }) => type === 'archive');
    expect(archives.map(({ records }) => records)).to.deep.equal([1, 1]);
    for (const { name } of archives) {
      expect(name.startsWith(`${url}/`), name).to.equal(true);
      expect(name.slice(url.length + 1)).to.match(NAME);
    }
    const text = await shoebox(['ls', `${url}/*.gz`, '--long']);
    expect(text.stdout).to.match(/-000000\.events\.gz/);
    const stat = jsonOf((await shoebox(['stat', url, '--json'])).stdout).at(-1);
    expect(stat).to.include({ type: 'summary', archives: 2, records: 2 });
    expect(stat.metadata.event).to.have.deep.members([
      { value: 'login', count: 1 },
      { value: 'order', count: 1 },
    ]);
  });

  it('prints records, and the last of them', async () => {
    const options = ['--format', 'payload'];
    const all = await shoebox(['cat', url, ...options]);
    expect(all).to.include({
      code: 0,
      stdout: '{"event":"login","n":1}\n{"event":"order","n":2}\n',
    });
    const some = await shoebox(['cat', `${url}/a-*`, '--where', 'event=order', ...options]);
    expect(some.stdout).to.equal('{"event":"order","n":2}\n');
    const last = await shoebox(['tail', url, '-n', '1', ...options]);
    expect(last.stdout).to.equal('{"event":"order","n":2}\n');
    const none = await shoebox(['cat', `${url}-none`]);
    expect([none.code, none.stderr.split(',')[0]]).to.deep.equal([
      1,
      `shoebox: nothing matches ${url}-none\n`,
    ]);
  });

  it('verifies objects by their indexes, and by every byte', async () => {
    const quick = await shoebox(['verify', url]);
    expect(quick.code, quick.stdout).to.equal(0);
    expect(quick.stdout).to.match(/^complete: 2 archives, 2 records, /);
    expect(quick.stderr).to.contain('2 archives checked by index');
    const full = await shoebox(['verify', url, '--full', '--json']);
    expect(jsonOf(full.stdout).at(-1)).to.include({ verdict: 'complete', archives: 2 });
  });

  it('makes a report, and exports', async () => {
    const directory = await temporary.make();
    const [page, lines] = [join(directory, 'report.html'), join(directory, 'lines.csv')];
    expect((await shoebox(['report', url, '-o', page])).code).to.equal(0);
    expect(await readFile(page, 'utf8')).to.match(/a-[0-9a-f]{16}-000000\.events\.gz/);
    const csv = ['--format', 'csv', '--columns', 'metadata.event', '-o', lines];
    expect((await shoebox(['export', url, ...csv])).code).to.equal(0);
    expect(await readFile(lines, 'utf8'))
      .to.contain('login')
      .and.to.contain('order');
  });

  it('fetches objects, and ships them to another prefix', async () => {
    const directory = await temporary.make();
    const fetched = await shoebox(['fetch', url, directory]);
    expect(fetched.code, fetched.stderr).to.equal(0);
    const [name = '', ...others] = (await readdir(directory)).sort();
    expect(others).to.have.length(1);
    expect(name).to.match(NAME);
    expect(await createArchiveReader(directory).toArray()).to.have.length(2);
    const again = await shoebox(['fetch', `${url}/${name}`, directory, '--json']);
    expect(jsonOf(again.stdout).at(-1)).to.include({ type: 'summary' });
    const to = `s3://${bucket}/copy`;
    for (let i = 0; i < 2; i++) {
      const shipped = await shoebox(['ship', directory, '--to', to]);
      expect(shipped.code, shipped.stderr).to.equal(0);
    }
    const copy = await shoebox(['cat', to, '--format', 'payload']);
    expect(copy.stdout).to.equal('{"event":"login","n":1}\n{"event":"order","n":2}\n');
  });

  it('removes unfinished uploads below a prefix only', async () => {
    const directory = await temporary.make();
    await writeFile(join(directory, 'other'), '');
    const gc = ['gc', directory, '--to', `${url}/`, '--older-than', '0s'];
    // The embedded service lists none.
    if (!s3.isComplete) {
      expect(await shoebox(gc)).to.include({ code: 0, stdout: '' });
      return;
    }
    for (const Key of ['events/left.events.gz', 'beside/left.events.gz']) {
      await s3.client.send(new CreateMultipartUploadCommand({ Bucket: bucket, Key }));
    }
    let listed = await shoebox(gc);
    // Swift rounds the time of an upload up, so that it lies ahead.
    await until(async () => {
      if (listed.stdout === '') listed = await shoebox(gc);
      return listed.stdout !== '';
    });
    expect(listed.code, listed.stderr).to.equal(0);
    expect(listed.stdout.match(/^would remove .*left\.events\.gz/gm)).to.have.length(1);
    expect((await shoebox([...gc, '--yes'])).stdout).to.match(/^remove .*events\/left/);
    expect((await shoebox(gc)).stderr).to.contain('nothing to remove');
  });

  it('continues a followed file after what only the bucket has', async () => {
    const [archives, logs] = [await temporary.make(), await temporary.make()];
    const [path, to] = [join(logs, 'app.log'), `s3://${bucket}/followed`];
    // Names in one second would be in the order of their digests.
    const options = [
      '--no-follow',
      '--input',
      'lines',
      '--name',
      '%Y%m%dT%H%M%S.%f_[[WRITER]].events',
    ];
    const record = () => shoebox(['record', archives, '--to', to, '--file', path, ...options]);
    await writeFile(path, linesOf('line', 1, 200));
    expect((await record()).code).to.equal(0);
    // The state is lost, too.
    await rm(archives, { recursive: true });
    await mkdir(archives);
    await appendFile(path, linesOf('line', 201, 202));
    expect((await record()).code).to.equal(0);
    const { stdout } = await shoebox(['cat', to, '--format', 'payload']);
    expect(stdout).to.equal(linesOf('line', 1, 202));
  });
});
