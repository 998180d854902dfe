import { expect } from 'chai';

import { createArchiveReader } from '../../lib/reading/rolling-read-stream.js';
import { createArchiveWriter } from '../../lib/shipping/create-archive-writer.js';
import { once } from '../../lib/streams/typed-events.js';
import { TemporaryDirectories } from '../support/series.js';
import { rejection } from '../support/store-tools.js';

describe('once', () => {
  const directories = new TemporaryDirectories();

  afterEach(() => directories.remove());

  it('settles with the arguments of the next event', async () => {
    const writer = createArchiveWriter({ directory: await directories.make() });
    writer.end({ payload: 'x' });
    const [archive] = await once(writer, 'sealed');
    expect(archive.records).to.equal(1);
    const [record] = await once(createArchiveReader(writer.pattern), 'data');
    expect(record.text()).to.equal('x');
  });

  it('rejects with the error that ends the stream, and when its signal aborts', async () => {
    const reader = createArchiveReader('/none/*');
    const ended = rejection(once(reader, 'gap'));
    reader.resume();
    expect(await ended).to.have.property('code', 'ERR_NO_ARCHIVES');
    const aborted = once(reader, 'gap', { signal: AbortSignal.abort() });
    expect(await rejection(aborted)).to.have.property('name', 'AbortError');
  });
});
