import { quote } from '../../errors/show.js';
import type { S3StoreOptions } from './s3-store-options.js';

/**
 * Where a store's credentials come from, for messages: by the name of an option, a variable or a
 * profile, never by value. Follows the order in which the SDK looks.
 */
export function credentialSource(
  { client, credentials }: Pick<S3StoreOptions, 'client' | 'credentials'>,
  environment: NodeJS.ProcessEnv = process.env,
): string {
  if (client !== undefined) return 'the option client';
  if (typeof credentials === 'function') return 'the function in the option credentials';
  if (credentials !== undefined) return 'the option credentials';
  if (environment.AWS_PROFILE) return `the profile ${quote(environment.AWS_PROFILE)} (AWS_PROFILE)`;
  if (environment.AWS_ACCESS_KEY_ID) {
    const token = environment.AWS_SESSION_TOKEN ? ', with AWS_SESSION_TOKEN' : '';
    return `the variables AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY${token}`;
  }
  if (environment.AWS_WEB_IDENTITY_TOKEN_FILE) return 'the variable AWS_WEB_IDENTITY_TOKEN_FILE';
  return 'the profile "default", or of this computer\'s role';
}
