// Bundles the program with webpack. A warning fails the run: it says that something was left out.
import { join } from 'node:path';

import webpack from 'webpack';

const stats = await new Promise((resolve, reject) => {
  webpack(
    {
      mode: 'production',
      target: 'node20',
      entry: join(import.meta.dirname, 'program.js'),
      experiments: { outputModule: true },
      output: { path: process.env.BUNDLES, filename: 'webpack.mjs', module: true },
    },
    (error, result) => (error === null ? resolve(result) : reject(error)),
  );
});
if (stats.hasErrors() || stats.hasWarnings()) {
  console.error(stats.toString('errors-warnings'));
  process.exitCode = 1;
}
