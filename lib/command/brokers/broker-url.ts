/** A URL of a broker. Unlike a `URL`, it may name several hosts. */
export interface BrokerUrl {
  /** Such as `kafka`. */
  readonly scheme: string;
  readonly user: string | undefined;
  readonly password: string | undefined;
  /** `HOST` or `HOST:PORT`, at least one. */
  readonly hosts: readonly string[];
  /** Decoded, without the slash before it; empty if there is none. */
  readonly path: string;
  readonly query: ReadonlyMap<string, string>;
  /** Without user, password and query, for messages. */
  readonly shown: string;
}

const URL_PARTS =
  /^(?<scheme>[a-z+]+):\/\/(?:(?<user>[^:@/?#]*)(?::(?<password>[^@/?#]*))?@)?(?<hosts>[^@/?#]+)(?:\/(?<path>[^?#]*))?(?:\?(?<query>[^#]*))?$/i;

/**
 * Parses `SCHEME://[USER:PASSWORD@]HOST[:PORT][,HOST…]/PATH?NAME=VALUE`.
 *
 * @param names the names that the query may have
 * @throws RangeError that says what is wrong, without the URL
 */
export function parseBrokerUrl(text: string, names: readonly string[]): BrokerUrl {
  const parts = URL_PARTS.exec(text)?.groups;
  if (parts === undefined) throw new RangeError('expected a URL such as nats://host:4222/name');
  const { hosts = '', password, path = '', query = '', scheme = '', user } = parts;
  const values = new Map(new URLSearchParams(query));
  for (const name of values.keys()) {
    if (names.includes(name)) continue;
    const known = names.length === 0 ? 'no query' : names.join(', ');
    throw new RangeError(`the query has ${JSON.stringify(name)}, expected ${known}`);
  }
  // What looks like the host would be the begin of a password.
  if (path.includes('@')) {
    throw new RangeError('a / before an @ is written as %2F, and an @ after the host as %40');
  }
  const all = hosts.split(',');
  if (all.some((host) => !/^(?:\[[0-9a-f:.]+\]|[^:[\]\s]+)(?::\d{1,5})?$/i.test(host))) {
    throw new RangeError(`the host is ${JSON.stringify(hosts)}, expected HOST:PORT`);
  }
  return {
    scheme: scheme.toLowerCase(),
    user: decoded(user),
    password: decoded(password),
    hosts: all,
    path: decoded(path) ?? '',
    query: values,
    shown: `${scheme}://${hosts}${path === '' ? '' : `/${path}`}`,
  };
}

function decoded(text: string | undefined): string | undefined {
  try {
    return text === undefined ? undefined : decodeURIComponent(text);
  } catch {
    // The text may be a password.
    throw new RangeError('a % is not followed by two hexadecimal digits of UTF-8');
  }
}
