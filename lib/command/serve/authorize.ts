import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** Checks the bearer token of a request (RFC 6750); without a token every request is allowed. */
export function createAuthorizer(token: string | undefined): (request: IncomingMessage) => boolean {
  if (token === undefined) return () => true;
  const expected = digest(token);
  return ({ headers }) => {
    const [, given = ''] = /^Bearer +(\S+) *$/i.exec(headers.authorization ?? '') ?? [];
    // Digests have one length, so the time does not depend on the token.
    // Node reads headers as Latin-1; the token is UTF-8.
    return timingSafeEqual(digest(Buffer.from(given, 'latin1')), expected);
  };
}

function digest(text: string | Buffer): Buffer {
  return createHash('sha256').update(text).digest();
}
