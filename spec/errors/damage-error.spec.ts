import { expect } from 'chai';

import { ArchiveError } from '../../lib/errors/archive-error.js';
import { type Damage, DamageError } from '../../lib/errors/damage-error.js';

describe('DamageError', () => {
  const damage: Damage = {
    reason: 'bad-checksum',
    what: 'block',
    offset: 65_600,
    expected: 'body checksum 0x822b39fb',
    found: '0xf52c096d',
  };

  it('says what is damaged, where, what was expected and what found', () => {
    expect(new DamageError(damage, 'a.events').message).to.equal(
      'damaged block at byte 65600 of a.events: expected body checksum 0x822b39fb, found 0xf52c096d',
    );
  });

  it('names no archive where there is none', () => {
    expect(new DamageError(damage).message).to.include('damaged block at byte 65600: expected');
  });

  it('has its facts as fields', () => {
    const error = new DamageError(damage, 'a.events');
    const { what, ...facts } = damage;
    expect(what).to.equal('block');
    expect(error).to.be.instanceOf(ArchiveError);
    expect(error).to.include({ ...facts, archive: 'a.events', code: 'ERR_ARCHIVE_DAMAGED' });
    expect(error.name).to.equal('DamageError');
  });

  it('keeps its cause', () => {
    const cause = new Error('why');
    expect(new DamageError(damage, undefined, { cause }).cause).to.equal(cause);
  });
});
