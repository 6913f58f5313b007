import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createPlaces, lastTenthKept, tenthEach } from '../../src/push/places.ts';

/** Takes places for this one until there are none. */
function fill(places: ReturnType<typeof createPlaces>, key: string): number {
  let count = 0;
  while (places.reserve(key)) count++;
  return count;
}

test('where nobody can wait, the last tenth is kept for those who hold less than a tenth', () => {
  const places = createPlaces(() => 1000, lastTenthKept);
  assert.equal(fill(places, 'loud'), 900);
  assert.equal(fill(places, 'quiet'), 100);
  assert.equal(places.free, 0);
});

test('where the others wait in a store, nobody holds more than a tenth', () => {
  const places = createPlaces(() => 1000, tenthEach);
  assert.equal(places.share, 100);
  assert.equal(fill(places, 'loud'), 100);
});

test('and ten who hold their tenth leave room for those who hold next to nothing', () => {
  const places = createPlaces(() => 1000, tenthEach);
  const held = Array.from({ length: 10 }, (_, i) => fill(places, `loud${i}`));
  assert.deepEqual(held, [...Array<number>(9).fill(100), 10]);
  assert.equal(places.share, 10, 'of what is left');
  assert.equal(fill(places, 'quiet'), 10);
  places.release('loud0');
  assert.equal(places.reserve('loud0'), false, 'its tenth is not its own');
});

test('one place is enough to begin with', () => {
  const places = createPlaces(() => 1, tenthEach);
  assert.equal(places.share, 1);
  assert.equal(places.reserve('a'), true);
  assert.equal(places.reserve('b'), false);
});
