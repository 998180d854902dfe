import type { IncomingMessage } from 'node:http';

/** Begins the name of a header that holds a metadata value. */
const HEADER_PREFIX = 'x-shoebox-meta-';

/** The header that holds the time of the records. */
const TIME_HEADER = 'x-shoebox-time';

/** Where records are posted. */
const RECORDS_PATH = '/records';

/** The path of a request, and the metadata of its records. */
export interface RequestTarget {
  /** `records`: the root, `/records` and below; `undefined`: no such path. */
  readonly path: 'records' | 'healthz' | 'metrics' | undefined;
  readonly metadata: Readonly<Record<string, string>>;
  /** The time of its records in ISO 8601, as the client gave it; undefined means now. */
  readonly time: string | undefined;
}

/**
 * Reads path, query and headers of a request. The path beyond `/records/` becomes metadata `path`;
 * headers win over the query.
 *
 * @returns null if the path or the query is malformed
 */
export function targetOf(request: IncomingMessage): RequestTarget | null {
  const url = parseUrl(request.url);
  if (url === null) return null;
  const metadata: Record<string, string> = Object.create(null);
  for (const [key, value] of url.searchParams) metadata[key] = value;
  for (const [name, value] of Object.entries(request.headers)) {
    if (!name.startsWith(HEADER_PREFIX) || value === undefined) continue;
    // Node reads headers as Latin-1; metadata are UTF-8.
    const text = Buffer.from(String(value), 'latin1').toString('utf8');
    metadata[name.slice(HEADER_PREFIX.length)] = text;
  }
  const given = request.headers[TIME_HEADER];
  const record = { metadata, time: given === undefined ? undefined : String(given) };
  const { pathname } = url;
  if (pathname === '/healthz') return { path: 'healthz', ...record };
  if (pathname === '/metrics') return { path: 'metrics', ...record };
  if (pathname === '/' || pathname === RECORDS_PATH) return { path: 'records', ...record };
  if (!pathname.startsWith(`${RECORDS_PATH}/`)) return { path: undefined, ...record };
  const beyond = decode(pathname.slice(RECORDS_PATH.length + 1));
  if (beyond === null) return null;
  if (beyond !== '') metadata.path = beyond;
  return { path: 'records', ...record };
}

function parseUrl(path: string | undefined): URL | null {
  // An absolute form must not change the host.
  const url = `http://host${path}`;
  return path?.startsWith('/') && URL.canParse(url) ? new URL(url) : null;
}

function decode(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    // An escape that is not UTF-8.
    return null;
  }
}
