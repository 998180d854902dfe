import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

import { ListObjectsV2Command } from '@aws-sdk/client-s3';
import { expect } from 'chai';

import { callShoebox } from '../support/call-shoebox.js';
import { runShoebox } from '../support/run-shoebox.js';
import { startS3 } from '../support/s3-server.js';
import { TemporaryDirectories } from '../support/series.js';

describe('shoebox doctor', () => {
  const temporary = new TemporaryDirectories();
  afterEach(() => temporary.remove());

  it('tries a directory and a directory store, and leaves nothing', async () => {
    const [directory, to] = [await temporary.make(), await temporary.make()];
    const { code, stderr, stdout } = await callShoebox(['doctor', directory, '--to', to]);
    expect([code, stderr]).to.deep.equal([0, '']);
    const lines = stdout.trimEnd().split('\n');
    expect(lines).to.have.length(14);
    for (const line of lines) expect(line).to.match(/^(ok|warning) +(directory|store): /);
    for (const path of [directory, to]) expect(await readdir(path)).to.deep.equal([]);
  });

  it('tries an S3 store, and leaves nothing', async () => {
    const s3 = await startS3();
    try {
      const bucket = await s3.createBucket();
      const env = {
        AWS_ENDPOINT_URL: s3.endpoint,
        AWS_REGION: s3.region,
        AWS_ACCESS_KEY_ID: s3.credentials.accessKeyId,
        AWS_SECRET_ACCESS_KEY: s3.credentials.secretAccessKey,
      };
      const { code, stdout } = await runShoebox(['doctor', '--to', `s3://${bucket}/p`, '--json'], {
        env,
      });
      const lines = stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line));
      // The embedded service cannot list unfinished uploads.
      const failed = lines.filter(({ status }) => status === 'failed').map(({ what }) => what);
      expect(failed, stdout).to.deep.equal(s3.isComplete ? [] : ['store: list unfinished uploads']);
      expect(code).to.equal(failed.length === 0 ? 0 : 1);
      const { Contents } = await s3.client.send(new ListObjectsV2Command({ Bucket: bucket }));
      expect(Contents ?? []).to.deep.equal([]);
    } finally {
      await s3.stop();
    }
  });

  it('exits with 1 if something fails, and with 2 without anything to try', async () => {
    const directory = join(await temporary.make(), 'none');
    const { code, stdout } = await callShoebox(['doctor', directory]);
    expect([code, stdout.split('\n').length]).to.deep.equal([1, 2]);
    expect(stdout).to.match(/^failed +directory: create files: ENOENT/);
    expect((await callShoebox(['doctor'])).code).to.equal(2);
    expect((await callShoebox(['doctor', '--to', 'ftp://x'])).code).to.equal(2);
  });
});
