import { register } from 'tsx/esm/api';

/**
 * Compiles TypeScript where it is imported, not where it is required. With `--import tsx`, mocha requires
 * the specs, and each `import()` in `lib` loads a second instance of the modules: 1.4 s in each worker.
 */
register();
