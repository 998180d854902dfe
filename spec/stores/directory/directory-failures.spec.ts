import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';

import { expect } from 'chai';

import { StoreError } from '../../../lib/errors/store-error.js';
import { type FileLayer, nodeFileLayer } from '../../../lib/files/file-layer.js';
import { DirectoryStore } from '../../../lib/stores/directory/directory-store.js';
import { chunks, listed, rejection } from '../../support/store-tools.js';
import { withFile } from '../../support/with-file.js';

describe('DirectoryStore, when system calls fail', () => {
  let directory: string;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'shoebox-store-'));
  });

  afterEach(() => rm(directory, { recursive: true, force: true }));

  const verdicts: [code: string, transient: boolean][] = [
    ['ENOSPC', true],
    ['EDQUOT', true],
    ['EMFILE', true],
    ['EIO', true],
    ['EACCES', false],
    ['EROFS', false],
  ];
  for (const [code, transient] of verdicts) {
    for (const call of ['write', 'sync', 'close'] as const) {
      it(`leaves nothing when ${call} fails with ${code}, and says whether the failure is transient`, async () => {
        const failure = systemError(code, call);
        const files = withFile((file) => ({
          async [call]() {
            if (call === 'close') await file.close();
            throw failure;
          },
        }));
        const store = new DirectoryStore(directory, { files });
        const body = Readable.from(chunks(2));
        const error = await rejection(store.put('a', body));
        expect(error).to.be.instanceOf(StoreError);
        expect(error).to.include({ storeCode: code, transient, cause: failure });
        expect(error).to.have.property(
          'message',
          `cannot put ${directory}/a: something went wrong (${code})`,
        );
        expect(body.destroyed).to.equal(true);
        expect(await readdir(directory)).to.deep.equal([]);
      });
    }
  }

  it('reports the first failure when closing fails as well', async () => {
    const failure = systemError('ENOSPC', 'write');
    const files = withFile((file) => ({
      write: () => Promise.reject(failure),
      async close() {
        await file.close();
        throw systemError('EIO', 'close');
      },
    }));
    const store = new DirectoryStore(directory, { files });
    const error = await rejection(store.put('a', Readable.from(['x'])));
    expect(error).to.include({ storeCode: 'ENOSPC', cause: failure });
  });

  it('fails, and leaves nothing, when the object reads back with other bytes', async () => {
    const files = withFile((file) => ({
      async read(bytes, offset, length, position) {
        const result = await file.read(bytes, offset, length, position);
        if (position === 0) bytes.set([9], offset);
        return result;
      },
    }));
    const store = new DirectoryStore(directory, { files });
    const error = await rejection(store.put('a', Readable.from(['12345'])));
    expect(error).to.be.instanceOf(StoreError).and.to.have.property('transient', true);
    expect(error)
      .to.have.property('message')
      .that.matches(/wrote 5 bytes of CRC-32 0xcbf53a1c, read 5 bytes of CRC-32 0x/);
    expect(await readdir(directory)).to.deep.equal([]);
  });

  it('replaces an object on a file system that has no hard links', async () => {
    const link = () => Promise.reject(systemError('EPERM', 'link'));
    const store = new DirectoryStore(directory, { files: { ...nodeFileLayer, link } });
    expect(await store.refusesTaken()).to.equal(false);
    for (const content of ['first', 'second']) {
      await store.put('a', Readable.from([content]), { whenTaken: 'refuse' });
    }
    expect(await text(await store.get('a'))).to.equal('second');
    expect(await readdir(directory)).to.deep.equal(['a']);
  });

  it('looks for hard links again when the first attempt failed', async () => {
    let fails = true;
    const link: FileLayer['link'] = (existing, path) =>
      fails ? Promise.reject(systemError('EIO', 'link')) : nodeFileLayer.link(existing, path);
    const store = new DirectoryStore(directory, { files: { ...nodeFileLayer, link } });
    expect(await rejection(store.refusesTaken())).to.include({ storeCode: 'EIO' });
    fails = false;
    expect(await store.refusesTaken()).to.equal(true);
    expect(await readdir(directory)).to.deep.equal([]);
  });

  it('turns a failed read into a StoreError, after the bytes before it', async () => {
    const files = withFile((file) => ({
      read: (bytes, offset, length, position) =>
        position > 0
          ? Promise.reject(systemError('EIO', 'read'))
          : file.read(bytes, offset, length, position),
    }));
    await new DirectoryStore(directory).put('a', Readable.from(chunks(1)));
    const store = new DirectoryStore(directory, { files });
    let bytes = 0;
    const reading = (async () => {
      for await (const chunk of await store.get('a')) bytes += chunk.length;
    })();
    const error = await rejection(reading);
    expect(error).to.include({ operation: 'get', storeCode: 'EIO', transient: true });
    expect(bytes).to.be.greaterThan(0);
  });

  it('names the path when one of its directories is a file', async () => {
    await writeFile(join(directory, 'file'), 'x');
    const store = new DirectoryStore(join(directory, 'file'));
    const put = await rejection(store.put('a', Readable.from(['x'])));
    expect(put).to.be.instanceOf(StoreError).and.to.have.property('transient', false);
    expect(put).to.have.property('target', join(directory, 'file', 'a'));
    const list = await rejection(listed(store.list()));
    expect(list).to.include({ operation: 'list', storeCode: 'ENOTDIR', transient: false });
    expect(await store.head('a')).to.equal(null);
    await store.delete('a');
  });
});

function systemError(code: string, syscall: string): Error {
  return Object.assign(new Error(`${code}: Something went wrong, ${syscall}`), { code, syscall });
}
