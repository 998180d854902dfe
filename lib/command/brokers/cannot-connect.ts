import { systemCodeOf } from '../options/system-code.js';
import type { BrokerUrl } from './broker-url.js';

/** The error for a broker that could not be reached, or has refused the user. */
export function cannotConnect({ shown }: BrokerUrl, cause: unknown): Error {
  // Node's error for a name with several addresses has no message.
  const text = cause instanceof Error && cause.message !== '' ? cause.message : undefined;
  return new Error(`cannot connect to ${shown}: ${text ?? systemCodeOf(cause) ?? 'no reason'}`, {
    cause,
  });
}
