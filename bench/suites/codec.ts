import type { BenchTable, Suite } from '../suite.js';

const rows = [
  { name: 'encode', title: 'Encoder' },
  { name: 'decode', title: 'Decoder, metadata and payload' },
] as const;

const tableOf = (input: BenchTable['input']): BenchTable => ({
  title: `Codec alone, ${input}`,
  input,
  rows,
  targets: [],
});

export const codecSuite: Suite = {
  name: 'codec',
  tables: [tableOf('corpus'), tableOf('small')],
};
