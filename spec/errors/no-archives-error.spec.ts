import { expect } from 'chai';

import { ArchiveError } from '../../lib/errors/archive-error.js';
import { NoArchivesError } from '../../lib/errors/no-archives-error.js';

describe('NoArchivesError', () => {
  it('names all patterns', () => {
    const error = new NoArchivesError(['a/*.events', 'b/*.events']);
    expect(error).to.be.instanceOf(ArchiveError);
    expect(error).to.include({ name: 'NoArchivesError', code: 'ERR_NO_ARCHIVES' });
    expect(error.patterns).to.deep.equal(['a/*.events', 'b/*.events']);
    expect(error.message).to.equal('no archive matches a/*.events, b/*.events');
  });
});
