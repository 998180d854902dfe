import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect } from 'chai';

import { createArchiveReader } from '../../../lib/reading/rolling-read-stream.js';
import { verifyArchives } from '../../../lib/reading/verifying/verify-archives.js';
import { DirectoryStore } from '../../../lib/stores/directory/directory-store.js';
import { HostileS3, listingPage } from '../../support/hostile-s3.js';
import { TemporaryDirectories } from '../../support/series.js';

const LINE = '{"n":1}\n\n';

describe('objects whose keys no store can read', () => {
  let hostile: HostileS3;

  beforeEach(async () => {
    hostile = await HostileS3.start();
  });

  afterEach(() => hostile.stop());

  it('are reported once each and counted, if a pattern means them', async () => {
    const keys = ['/a.events', 'x/../b.events', 'x//c.events', 'x/./d.events', 'x//e.txt~', 'x/'];
    hostile.answer = ({ operation, response }) => {
      if (operation === 'ListObjectsV2') response.end(listingPage(['ok.events', ...keys]));
      else {
        response.writeHead(200, { 'content-length': LINE.length });
        response.end(operation === 'HeadObject' ? '' : LINE);
      }
    };
    const store = hostile.open();
    const reader = createArchiveReader({ store, pattern: '**/*.events' });
    const skipped: string[] = [];
    reader.on('skipped', ({ path, reason }) => skipped.push(`${path} ${reason}`));
    let records = 0;
    for await (const _ of reader) records++;
    await store.close();
    expect(records).to.be.above(0);
    expect(skipped).to.deep.equal([
      's3://bucket//a.events begins with a slash',
      's3://bucket/x/../b.events has the segment ..',
      's3://bucket/x//c.events has an empty segment',
      's3://bucket/x/./d.events has the segment .',
    ]);
    expect(reader.skipped).to.equal(4);
  });

  it('make a series incomplete when it is verified', async () => {
    hostile.answer = ({ operation, response }) => {
      if (operation === 'ListObjectsV2') response.end(listingPage(['ok.events', '/a.events']));
      else {
        response.writeHead(200, { 'content-length': LINE.length });
        response.end(operation === 'HeadObject' ? '' : LINE);
      }
    };
    const store = hostile.open();
    const { problems, verdict } = await verifyArchives({ store, pattern: '**' });
    await store.close();
    expect(verdict).to.equal('incomplete');
    expect(problems.map(({ kind, message }) => `${kind} ${message}`)).to.deep.equal([
      'skipped s3://bucket//a.events: cannot be read, because its key begins with a slash',
    ]);
  });
});

describe('files whose names are not UTF-8', () => {
  const directories = new TemporaryDirectories();
  let directory: string;

  beforeEach(async () => {
    directory = await directories.make();
    await writeFile(join(directory, 'ok.events'), LINE);
    // A name that holds the character by which Node replaces other bytes.
    await writeFile(join(directory, '\ufffd.events'), LINE);
    await writeFile(inDirectory('\xff.events'), LINE);
    await writeFile(inDirectory('\xff.txt'), LINE);
  });

  afterEach(() => directories.remove());

  function inDirectory(latin1: string): Buffer {
    return Buffer.concat([Buffer.from(`${directory}/`), Buffer.from(latin1, 'latin1')]);
  }

  for (const place of ['a directory', 'a store'] as const) {
    it(`are reported once each, and the others are read, in ${place}`, async () => {
      await rm(join(directory, '\ufffd.events'));
      const pattern =
        place === 'a store'
          ? { store: new DirectoryStore(directory), pattern: '*.events' }
          : join(directory, '*.events');
      const reader = createArchiveReader(pattern);
      const skipped: string[] = [];
      reader.on('skipped', ({ path, reason }) => skipped.push(`${path} ${reason}`));
      expect(await reader.toArray()).to.have.length(2);
      expect(skipped).to.deep.equal([`${join(directory, '\ufffd.events')} is not UTF-8`]);
      const { problems, verdict } = await verifyArchives(pattern);
      expect(verdict).to.equal('incomplete');
      expect(problems.map(({ kind }) => kind)).to.deep.equal(['skipped']);
    });
  }

  it('are not those that hold a replacement character', async () => {
    await rm(inDirectory('\xff.events'));
    const reader = createArchiveReader(join(directory, '*.events'));
    expect(await reader.toArray()).to.have.length(4);
    expect(reader.skipped).to.equal(0);
  });

  it('are reported if they are directories', async () => {
    await mkdir(inDirectory('\xfe'));
    for (const pattern of [directory, { store: new DirectoryStore(directory), pattern: '**' }]) {
      const reader = createArchiveReader(pattern);
      const skipped: string[] = [];
      reader.on('skipped', ({ path }) => skipped.push(path));
      await reader.toArray().catch(() => undefined);
      expect(skipped).to.include(join(directory, '\ufffd'));
    }
  });
});
