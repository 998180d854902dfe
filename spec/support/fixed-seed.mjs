import * as fc from 'fast-check';

/**
 * Each run of the specs tries the same random inputs, so that it depends on nothing but the code. `npm run fuzz`
 * tries others every time, and so do the specs with `SPEC_SEED=random`; a number repeats a run.
 */
const { SPEC_SEED = '1' } = process.env;
if (SPEC_SEED !== 'random') fc.configureGlobal({ seed: Number(SPEC_SEED) });
