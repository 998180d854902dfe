import { expect } from 'chai';

import type { KafkaMessage } from '../../../lib/sources/kafka/kafka-client.js';
import { recordOf } from '../../../lib/sources/kafka/kafka-record.js';

describe('the record of a Kafka message', () => {
  const message = (fields: Partial<KafkaMessage> = {}): KafkaMessage => ({
    ...{ key: null, value: Buffer.from('a'), timestamp: '1700000000123', offset: '7' },
    ...fields,
  });

  it('has value, timestamp and offset, and no metadata without key and headers', () => {
    for (const headers of [undefined, {}]) {
      expect(recordOf(message({ headers }), 7)).to.deep.equal({
        ...{ payload: Buffer.from('a'), metadata: undefined },
        ...{ timeMicros: 1_700_000_000_123_000, sequence: 7 },
      });
    }
  });

  it('has an empty payload for a tombstone, and says so', () => {
    const { metadata, payload } = recordOf(message({ key: Buffer.from('k'), value: null }), 0);
    expect(payload).to.have.length(0);
    expect({ ...metadata }).to.deep.equal({ 'kafka.key': 'k', 'kafka.tombstone': 'true' });
  });

  it('is the same whenever it is made, also without a time that a record can have', () => {
    for (const timestamp of ['-1', '9007199254740993', 'x']) {
      const { metadata, timeMicros } = recordOf(message({ timestamp }), 0);
      expect(timeMicros).to.equal(0);
      expect(metadata).to.deep.equal({ 'kafka.timestamp': timestamp });
    }
  });
});
