import { expect } from 'chai';

import { isReadableName } from '../../../lib/series/names/archive-state.js';
import { parseJournalName, temporaryName } from '../../../lib/shipping/journal/journal-name.js';

describe('parseJournalName', () => {
  it('distinguishes journals, entries that are being written, and all other files', () => {
    const archive = 'x_1.events';
    expect(parseJournalName('x_1.events.journal')).to.deep.equal({ kind: 'journal', archive });
    expect(parseJournalName(temporaryName('x_1.events.journal', '0123abcd'))).to.deep.equal({
      kind: 'temporary',
      archive,
    });
    for (const name of [
      'x_1.events',
      'x_1.events.journal.part',
      'x_1.events.0123abcd.part',
      'x_1.events.damaged-1.journal',
      'x_1.events.journal.gz',
    ]) {
      expect(parseJournalName(name), name).to.equal(null);
    }
  });

  it('only knows names that no reader takes for an archive', () => {
    for (const name of ['a.journal', 'a.damaged-1.journal', temporaryName('a.journal', '0')]) {
      expect(isReadableName(name), name).to.equal(false);
    }
  });
});
