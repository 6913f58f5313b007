import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { List, Listed } from '../../src/list.ts';
import { createDeadlines } from '../../src/push/deadlines.ts';
import { createTestClock } from '../kit/clock.ts';

interface Item extends Listed {
  readonly name: string;
}

const itemOf = (name: string): Item => {
  const list: List | undefined = undefined;
  return { name, list, before: undefined, after: undefined };
};

const names = (items: readonly Item[]) => items.map(({ name }) => name);

test('whoever is there when the time is over is called back, in order and once, and stays until removed', async () => {
  const clock = createTestClock();
  const [a, b, c, d] = ['a', 'b', 'c', 'd'].map(itemOf) as [Item, Item, Item, Item];
  const over: string[] = [];
  const deadlines = createDeadlines<Item>(clock, (item) => {
    over.push(item.name);
    // Ends with the one before it.
    if (item === a) deadlines.remove(b);
  });
  for (const item of [a, b, c]) deadlines.add(item, 900);
  deadlines.add(d, 2000);
  assert.deepEqual([deadlines.size, names(deadlines.all())], [4, ['a', 'b', 'c', 'd']]);
  await clock.advance(899);
  assert.deepEqual(over, []);
  await clock.advance(250);
  assert.deepEqual(over, ['a', 'c']);
  assert.deepEqual([deadlines.size, names(deadlines.all())], [3, ['d', 'a', 'c']]);
  for (const item of [a, c, a]) deadlines.remove(item);
  assert.deepEqual([deadlines.size, names(deadlines.all())], [1, ['d']]);
  await clock.advance(10_000);
  assert.deepEqual(over, ['a', 'c', 'd']);
});

test('a span that nobody waits in any more has no timer, and can be had anew', async () => {
  const clock = createTestClock();
  const over: string[] = [];
  const deadlines = createDeadlines<Item>(clock, ({ name }) => over.push(name));
  const [a, b] = [itemOf('a'), itemOf('b')];
  for (const item of [a, b]) deadlines.add(item, 1000);
  for (const item of [a, b]) deadlines.remove(item);
  await assert.rejects(
    clock.until(() => false),
    /waited 0 ms/,
  );
  deadlines.add(a, 1000);
  await clock.advance(1000);
  assert.deepEqual(over, ['a']);
});
