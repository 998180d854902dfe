import { BlockList, isIP } from 'node:net';

/** Where a server listens. */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
  /** Whether only programs of this computer can reach it. */
  readonly isLoopback: boolean;
}

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');

/** `127.0.0.1:8080`, `[::1]:8080`, `localhost:0`, or `:8080` for all interfaces. */
export function parseListenAddress(text: string): ListenAddress {
  const [, bracketed, plain = '', digits] = /^(?:\[([^\]]+)\]|([^:]*)):(\d{1,5})$/.exec(text) ?? [];
  const port = Number(digits);
  if (digits === undefined || port > 65_535) {
    throw new RangeError('expected HOST:PORT such as 127.0.0.1:8080');
  }
  const host = bracketed ?? (plain === '' ? '::' : plain);
  const version = isIP(host);
  const isLoopback =
    version === 0 ? host === 'localhost' : LOOPBACK.check(host, version === 4 ? 'ipv4' : 'ipv6');
  return { host, port, isLoopback };
}
