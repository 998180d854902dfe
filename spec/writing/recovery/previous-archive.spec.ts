import { createHash } from 'node:crypto';
import { readFile, unlink } from 'node:fs/promises';
import { join } from 'node:path';

import { expect } from 'chai';

import { type FileLayer, nodeFileLayer } from '../../../lib/files/file-layer.js';
import { findPreviousArchive, listSealed } from '../../../lib/writing/recovery/previous-archive.js';
import { RollingWriteStream } from '../../../lib/writing/rolling-write-stream.js';
import { withScratch } from '../../support/scratch-directory.js';

const WRITER_ID = Buffer.alloc(8, 0xab);
const WRITER = WRITER_ID.toString('hex');

/** Writes three archives of one record each. */
async function writeSeries(directory: string): Promise<readonly string[]> {
  const template = 'x_[[SEQUENCE]].events';
  const writer = new RollingWriteStream({ directory, template, writerId: WRITER_ID });
  for (const payload of ['a', 'b', 'c']) {
    writer.write(payload);
    await writer.roll();
  }
  await writer.close();
  return (await listSealed(directory, template.replace('[[SEQUENCE]]', '*'), nodeFileLayer)).sort();
}

/** A file system where a path vanishes just before it is opened for the nth time. */
function vanishing(gone: string, opening: number): FileLayer {
  let openings = 0;
  return {
    ...nodeFileLayer,
    open: async (path, mode) => {
      if (path === gone && ++openings === opening) await unlink(path);
      return await nodeFileLayer.open(path, mode);
    },
  };
}

describe('findPreviousArchive', () => {
  it('finds the last archive that the writer sealed before a sequence', async () => {
    await withScratch(async ({ path: directory }) => {
      const paths = await writeSeries(directory);
      const found = await findPreviousArchive(paths, WRITER, 3, nodeFileLayer);
      const last = await readFile(join(directory, 'x_000002.events'));
      expect(found?.ordinal).to.equal(2);
      expect(found?.sha256).to.deep.equal(createHash('sha256').update(last).digest());
    });
  });

  it('finds none if that archive was shipped, rather than an earlier one', async () => {
    await withScratch(async ({ path: directory }) => {
      const paths = await writeSeries(directory);
      const files = vanishing(join(directory, 'x_000002.events'), 1);
      expect(await findPreviousArchive(paths, WRITER, 3, files)).to.equal(undefined);
    });
  });

  it('finds none if that archive was shipped before it was hashed', async () => {
    await withScratch(async ({ path: directory }) => {
      const paths = await writeSeries(directory);
      const files = vanishing(join(directory, 'x_000002.events'), 2);
      expect(await findPreviousArchive(paths, WRITER, 3, files)).to.equal(undefined);
    });
  });
});
