import { expect } from 'chai';

import { TemplateError } from '../../lib/errors/template-error.js';

describe('TemplateError', () => {
  it('is misuse: a RangeError that shows the template', () => {
    const error = new TemplateError('../%Y', 'leaves the directory');
    expect(error).to.be.instanceOf(RangeError);
    expect(error).to.include({ name: 'TemplateError', code: 'ERR_INVALID_TEMPLATE' });
    expect(error.template).to.equal('../%Y');
    expect(error.message).to.equal('template "../%Y" leaves the directory');
  });
});
