/** Property tests try the same cases in every run; `FUZZ=1 npm test` tries others, and prints the seed of what fails. */
import fc from 'fast-check';

if (!process.env.FUZZ) fc.configureGlobal({ seed: 20261121 });
