import { expect } from 'chai';

import { redact } from '../../lib/errors/redact.js';

const SECRET = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY';

describe('redact', () => {
  it('hides a secret in whatever form a URL, header, document or dump holds it', () => {
    for (const text of [
      `s3://AKIA:${SECRET}@bucket/x`,
      `s3://AKIA:12/${SECRET}@bucket/x`,
      `s3:/AKIA:${SECRET}@bucket/x`,
      `https://user:p@ss${SECRET}@host/x`,
      'https://user:a"wJalrXUtnFEMI@host/x',
      'https:\\/\\/user:wJalrXUtnFEMI@host',
      'https%3A%2F%2Fuser%3AwJalrXUtnFEMI%40host',
      'https://:wJalrXUtnFEMI@[::1]:9000/',
      `?X-Amz-Signature%3D${SECRET}`,
      `x-amz-security-token:${SECRET}`,
      `{ 'x-amz-security-token': '${SECRET}' }`,
      `Authorization: Bearer ${SECRET}`,
      `{ authorization: 'Basic ${SECRET}' }`,
      `{"Authorization":"AWS AKIA:${SECRET}"}`,
      `authorization: AWS4-HMAC-SHA256 Credential=A/b, SignedHeaders=host, Signature=${SECRET}`,
      `bearer ${SECRET}`,
      `AWS_SECRET_ACCESS_KEY=${SECRET}`,
      `aws_session_token = ${SECRET}`,
      `client_secret=${SECRET}`,
      `token=${SECRET}`,
      `"secret": "${SECRET}"`,
      `{\\"apiKey\\":\\"${SECRET}\\"}`,
      `x-api-key: ${SECRET}`,
      `password: "two words, and ${SECRET}"`,
      `sessionToken: \`${SECRET}\``,
      `[ 'secretAccessKey', '${SECRET}' ]`,
      `Map(1) { 'password' => '${SECRET}' }`,
      `<SecretAccessKey>${SECRET}</SecretAccessKey>`,
      `<SignatureProvided>${SECRET}</SignatureProvided>`,
      `Set-Cookie: id=${SECRET}; Secure`,
      `-----BEGIN RSA PRIVATE KEY-----\n${SECRET}\n-----END RSA PRIVATE KEY-----`,
    ]) {
      expect(redact(text), text).to.include('***');
      expect(redact(text), text).to.not.match(/wJalr|bPxRfi/);
    }
  });

  it('keeps what only resembles a secret', () => {
    for (const text of [
      'http://127.0.0.1:9000/bucket/a@b',
      'http://localhost:9000, user@example.org',
      '"http://host:9000","a@b"',
      's3://b@cket/a',
      's3://bucket/password/x@y.events',
      'no credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY',
      'check AWS_SESSION_TOKEN (ExpiredToken)',
      'Unexpected token: }',
      'credentials.secretAccessKey is missing, expected text',
      'signature does not match (SignatureDoesNotMatch)',
      'basic authentication, bearer of bad news',
    ]) {
      expect(redact(text)).to.equal(text);
    }
  });

  it('changes nothing that it has changed before', () => {
    for (const text of ['s3://a:b@c/d', "{ password: 'a b', c: 1 }", 'authorization: Basic abc']) {
      expect(redact(redact(text))).to.equal(redact(text));
    }
  });
});
