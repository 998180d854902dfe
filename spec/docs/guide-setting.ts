import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { compiled } from '../support/compiled.js';
import { startS3 } from '../support/s3-server.js';
import type { GuideSetting } from './guide-session.js';

const MAIN = new URL('../../lib/command/main.ts', import.meta.url);

/** Makes the setting of a reader of the guide: the command on the path, an empty folder, and a bucket. */
export async function openGuideSetting(
  directory: string,
): Promise<GuideSetting & { stop(): Promise<void> }> {
  const server = await startS3();
  const bin = join(directory, '.bin');
  await mkdir(bin);
  const command = join(bin, 'shoebox');
  await writeFile(command, `#!/bin/sh\nexec '${process.execPath}' '${mainFile()}' "$@"\n`);
  await chmod(command, 0o755);
  const { PATH = '', HOME = '' } = process.env;
  return {
    directory,
    env: {
      HOME,
      LC_ALL: 'C.UTF-8',
      PATH: [bin, PATH].join(delimiter),
      AWS_ENDPOINT_URL: server.endpoint,
      AWS_REGION: server.region,
      AWS_ACCESS_KEY_ID: server.credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: server.credentials.secretAccessKey,
      SHOEBOX_S3_PATH_STYLE: 'true',
      // As at a terminal.
      SHOEBOX_LOG_FORMAT: 'text',
    },
    actual: new Map([
      ['my-bucket', await server.createBucket()],
      ['8080', String(await findFreePort())],
    ]),
    stop: () => server.stop(),
  };
}

function mainFile(): string {
  return fileURLToPath(compiled(MAIN));
}

async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
