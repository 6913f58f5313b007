import assert from 'node:assert/strict';
import { test } from 'node:test';
import { worldFor } from './kit.ts';
import { run } from './run.ts';

/** `npm run chaos -- --rounds 6 --seed 1` does the same, and says more. */
const SEED = 1;
const ROUNDS = 6;

test('a server that is killed again and again loses nothing (sqlite)', async () => {
  const world = await worldFor();
  const told: string[] = [];
  const { broken, figures } = await run(world, {
    seed: SEED,
    goesOn: (round) => round <= ROUNDS,
    tell: (line) => told.push(line),
  });
  assert.deepEqual(broken, [], told.join('\n'));
  assert.equal(figures.deaths, ROUNDS);
  assert.ok(figures.accepted > 200, `${figures.accepted} accepted`);
});
