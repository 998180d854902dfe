import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { expect } from 'chai';

import { createArchiveReader } from '../../lib/reading/rolling-read-stream.js';
import {
  type ArchiveWriterOptions,
  createArchiveWriter,
} from '../../lib/shipping/create-archive-writer.js';
import type { S3StoreOptions } from '../../lib/stores/s3/s3-store-options.js';
import { changeExtension } from '../../lib/writing/handlers/change-extension.js';
import { deleteFile } from '../../lib/writing/handlers/delete-file.js';
import { moveTo } from '../../lib/writing/handlers/move-to.js';
import { rollByCount } from '../../lib/writing/policies/roll-policies.js';
import { MemoryStore } from '../support/memory-store.js';
import { startEmbeddedS3 } from '../support/s3-server.js';
import { TemporaryDirectories } from '../support/series.js';

describe('the patterns of a writer', () => {
  const directories = new TemporaryDirectories();
  let root: string;
  let directory: string;

  beforeEach(async () => {
    root = await directories.make();
    // Characters that have a meaning in globs.
    directory = join(root, 'a (1) [x]');
    await mkdir(directory);
  });

  afterEach(() => directories.remove());

  /** Writes three archives and reads them back by the writer's patterns. */
  async function roundTrip(options: Partial<ArchiveWriterOptions>, s3?: S3StoreOptions) {
    const writer = createArchiveWriter({ directory, roll: rollByCount(1), ...options });
    for (const payload of ['1', '2', '3']) writer.write({ payload });
    writer.end();
    await writer.close();
    const payloads: string[] = [];
    for await (const record of createArchiveReader(writer.patterns, { order: 'time', s3 })) {
      payloads.push(record.text());
    }
    return payloads;
  }

  const ways: Readonly<Record<string, () => Partial<ArchiveWriterOptions>>> = {
    'without handlers': () => ({}),
    moveTo: () => ({ handlers: [moveTo(join(root, 'moved {2}'))] }),
    changeExtension: () => ({ handlers: [changeExtension('.do[n]e')] }),
    'changeExtension of equal names': () => ({
      template: 'same.events',
      handlers: [changeExtension('.done')],
    }),
    'moveTo and changeExtension': () => ({
      handlers: [moveTo(join(root, 'moved')), changeExtension('.done')],
    }),
    'a handler that fails before another': () => ({
      handlers: [moveTo('/dev/null/none'), changeExtension('.done')],
    }),
    'a handler of the application with locate': () => ({
      handlers: [
        {
          ...moveTo(join(root, 'own')),
          locate: ({ names }) => ({ directory: join(root, 'own'), names }),
        },
      ],
    }),
    'ship to a directory': () => ({ ship: { to: join(root, 'store {3}') } }),
    'ship to a file URL': () => ({ ship: { to: pathToFileURL(join(root, 'store')) } }),
    'ship with a key': () => ({
      ship: { to: join(root, 'store'), key: 'logs (a)/dt=%Y-%m-%d/[[COUNT]]-[[NAME]]' },
    }),
    'ship to a store of the application': () => ({ ship: { to: new MemoryStore() } }),
    'ship.localFile keep': () => ({ ship: { to: join(root, 'store'), localFile: 'keep' } }),
    'ship.localFile moveTo': () => ({
      ship: { to: join(root, 'store'), localFile: { moveTo: join(root, 'shipped') } },
    }),
  };
  for (const [way, options] of Object.entries(ways)) {
    it(`find each record once: ${way}`, async () => {
      expect(await roundTrip(options())).to.deep.equal(['1', '2', '3']);
    });
  }

  it('find what was shipped to S3', async () => {
    const server = await startEmbeddedS3();
    try {
      const { credentials, endpoint, region } = server;
      const s3 = { credentials, endpoint, region };
      for (const prefix of ['', '/', '/logs (1)/x']) {
        const to = `s3://${await server.createBucket()}${prefix}`;
        expect(await roundTrip({ ship: { to, s3 } }, s3)).to.deep.equal(['1', '2', '3']);
      }
    } finally {
      await server.stop();
    }
  });

  it('still name the directory where a handler deletes the files', async () => {
    const writer = createArchiveWriter({ directory, handlers: [deleteFile()] });
    expect(writer.patterns).to.deep.equal([writer.pattern]);
    await writer.close();
  });

  it('name the place of moved files that the store has, too', async () => {
    const ship = { to: join(root, 'store'), localFile: { moveTo: join(root, 'shipped') } };
    const writer = createArchiveWriter({ directory, ship });
    expect(writer.patterns).to.have.length(3);
    await writer.close();
  });
});
