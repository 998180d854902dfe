import { link, mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { expect } from 'chai';

import { type FileLayer, nodeFileLayer } from '../../../lib/files/file-layer.js';
import { type NameHolder, takeFreeName } from '../../../lib/series/names/take-free-name.js';
import { withScratch } from '../../support/scratch-directory.js';
import { rejection } from '../../support/store-tools.js';
import { systemError, TestDisk } from '../../support/test-disk.js';

/** Takes `a.events` for the file `from`. Reports `holder` for every name that is not free. */
async function take(
  directory: string,
  holder: NameHolder = 'other',
  { files = nodeFileLayer, suffix = '' }: { files?: FileLayer; suffix?: string } = {},
): Promise<{ readonly path: string; readonly asked: readonly string[] }> {
  const asked: string[] = [];
  const holderOf = async (path: string) => {
    asked.push(path.slice(directory.length + 1));
    return holder;
  };
  const [from, wanted] = [join(directory, 'from'), join(directory, 'a.events')];
  const path = await takeFreeName(files, from, wanted, { suffix, holderOf });
  return { path: path.slice(directory.length + 1), asked };
}

describe('takeFreeName', () => {
  it('gives the file the wanted name if it is free', async () => {
    await withScratch(async (scratch) => {
      await scratch.put('from', Buffer.from('content'));
      expect(await take(scratch.path)).to.deep.equal({ path: 'a.events', asked: [] });
      expect(await readFile(join(scratch.path, 'a.events'), 'utf8')).to.equal('content');
    });
  });

  it('tries -1, -2, … before the extension, and replaces no file or directory', async () => {
    await withScratch(async (scratch) => {
      await scratch.put('from', Buffer.from('content'));
      await scratch.put('a.events', Buffer.from('another'));
      await mkdir(join(scratch.path, 'a-1.events'));
      const { asked, path } = await take(scratch.path);
      expect([path, asked]).to.deep.equal(['a-2.events', ['a.events', 'a-1.events']]);
      expect(await readFile(join(scratch.path, 'a.events'), 'utf8')).to.equal('another');
    });
  });

  it('puts the suffix after the alternative name', async () => {
    await withScratch(async (scratch) => {
      await scratch.put('from', Buffer.from('content'));
      await scratch.put('a.events.suspect', Buffer.from('another'));
      const { path } = await take(scratch.path, 'other', { suffix: '.suspect' });
      expect(path).to.equal('a-1.events.suspect');
    });
  });

  it('keeps a name that is the file itself, whatever the call reported', async () => {
    for (const code of ['EEXIST', 'EIO']) {
      await withScratch(async (scratch) => {
        await scratch.put('from', Buffer.from('content'));
        const disk = new TestDisk((call) => {
          if (call === 'link') throw systemError(code, call);
        });
        disk.failsDone = true;
        const { path } = await take(scratch.path, 'itself', { files: disk.files });
        expect(path).to.equal('a.events');
        expect(await scratch.list()).to.deep.equal(['a.events', 'from']);
      });
    }
  });

  it('tries a name again that has become free', async () => {
    await withScratch(async (scratch) => {
      const from = await scratch.put('from', Buffer.from('content'));
      const wanted = join(scratch.path, 'a.events');
      await link(from, wanted);
      const holderOf = async (path: string): Promise<NameHolder> => {
        await rm(path);
        return 'none';
      };
      expect(await takeFreeName(nodeFileLayer, from, wanted, { holderOf })).to.equal(wanted);
    });
  });

  it('rejects with any other error of the system', async () => {
    await withScratch(async (scratch) => {
      expect(await rejection(take(scratch.path, 'none'))).to.have.property('code', 'ENOENT');
    });
  });
});
