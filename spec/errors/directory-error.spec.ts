import { expect } from 'chai';

import { ArchiveError } from '../../lib/errors/archive-error.js';
import { DirectoryError } from '../../lib/errors/directory-error.js';

describe('DirectoryError', () => {
  it('names the directory and keeps the cause', () => {
    const cause = new Error('EACCES');
    const error = new DirectoryError('archive', 'cannot be written to', { cause });
    expect(error).to.be.instanceOf(ArchiveError);
    expect(error).to.include({ name: 'DirectoryError', code: 'ERR_DIRECTORY', cause });
    expect(error.directory).to.equal('archive');
    expect(error.message).to.equal('directory archive cannot be written to');
  });
});
