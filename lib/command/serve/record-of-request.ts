import { isUtf8 } from 'node:buffer';
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
 * @returns null if the path is malformed, or anything is not UTF-8
 */
export function targetOf(request: IncomingMessage): RequestTarget | null {
  const url = parseUrl(request.url);
  if (url === null) return null;
  // Otherwise the bytes would be replaced by U+FFFD.
  if (!isUtf8(unescaped(url.search))) return null;
  const metadata: Record<string, string> = Object.create(null);
  for (const [key, value] of url.searchParams) metadata[key] = value;
  for (const [name, value] of Object.entries(request.headers)) {
    if (!name.startsWith(HEADER_PREFIX) || value === undefined) continue;
    // Node reads headers as Latin-1; metadata are UTF-8.
    const bytes = Buffer.from(String(value), 'latin1');
    if (!isUtf8(bytes)) return null;
    metadata[name.slice(HEADER_PREFIX.length)] = bytes.toString('utf8');
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

/** The bytes that a query stands for. A `%` without two hex digits stands for itself. */
function unescaped(query: string): Buffer {
  const replace = (_escape: string, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 16));
  return Buffer.from(query.replace(/%([0-9a-f]{2})/gi, replace), 'latin1');
}

function decode(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    // An escape that is not UTF-8.
    return null;
  }
}
