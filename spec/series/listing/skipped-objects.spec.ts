import { expect } from 'chai';

import { createArchiveReader } from '../../../lib/reading/rolling-read-stream.js';
import { verifyArchives } from '../../../lib/reading/verifying/verify-archives.js';
import { HostileS3, listingPage } from '../../support/hostile-s3.js';

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
