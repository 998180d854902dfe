import { S3Client } from '@aws-sdk/client-s3';
import { expect } from 'chai';

import { credentialSource } from '../../../lib/stores/s3/credential-source.js';
import { HostileS3 } from '../../support/hostile-s3.js';
import { rejection } from '../../support/store-tools.js';

const keys = { accessKeyId: 'SECRET-ID', secretAccessKey: 'SECRET-KEY' };
const AWS_ACCESS_KEY_ID = 'SECRET-ID';

describe('credentialSource', () => {
  it('names options, variables and profiles in the order of the SDK, and no value', () => {
    const client = new S3Client({ region: 'us-east-1' });
    const all = { AWS_PROFILE: 'archive', AWS_ACCESS_KEY_ID, AWS_SESSION_TOKEN: 'SECRET-TOKEN' };
    for (const [options, environment, source] of [
      [{ client, credentials: keys }, all, /^the option client$/],
      [{ credentials: async () => keys }, all, /^the function in the option credentials$/],
      [{ credentials: keys }, all, /^the option credentials$/],
      [{}, all, /^the profile "archive" \(AWS_PROFILE\)$/],
      [{}, { ...all, AWS_PROFILE: '' }, /^the variables AWS_ACCESS_KEY_ID .* AWS_SESSION_TOKEN$/],
      [{}, { AWS_ACCESS_KEY_ID }, /^the variables AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY$/],
      [{}, { AWS_WEB_IDENTITY_TOKEN_FILE: '/x' }, /AWS_WEB_IDENTITY_TOKEN_FILE$/],
      [{}, {}, /^the profile "default", or/],
    ] as const) {
      const shown = credentialSource(options, environment);
      expect(shown)
        .to.match(source)
        .and.not.match(/SECRET-/);
    }
    client.destroy();
  });

  it('is in the message of a bare 403, as HEAD gets it for a wrong secret', async () => {
    const hostile = await HostileS3.start();
    hostile.answer = ({ response }) => void response.writeHead(403).end();
    const store = hostile.open({ credentials: keys });
    const error = await rejection(store.head('a'));
    expect(error)
      .to.have.property('message')
      .that.equals(
        'cannot head s3://bucket/a: the service answered 403 and no more (AccessDenied) with the ' +
          'credentials of the option credentials; check AWS_ACCESS_KEY_ID and ' +
          'AWS_SECRET_ACCESS_KEY, and what they may do',
      );
    await store.close();
    await hostile.stop();
  });

  it('and the text of a service is short, without secrets, also in the cause', async () => {
    const hostile = await HostileS3.start();
    const text = `https://user:hunter2@host/ ${'x'.repeat(50_000)}&#x1b;`;
    hostile.answer = ({ response }) =>
      void response.writeHead(403).end(`<Error><Code>Odd</Code><Message>${text}</Message></Error>`);
    const store = hostile.open();
    const error = (await rejection(store.get('a'))) as Error;
    expect(error.message).to.include('https://***@host').and.to.have.length.below(9000);
    expect(String(error.cause)).to.not.include('hunter2');
    expect(String(error.cause)).to.have.length.below(9000);
    await store.close();
    await hostile.stop();
  });
});
