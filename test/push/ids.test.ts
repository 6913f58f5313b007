import assert from 'node:assert/strict';
import { test } from 'node:test';
import { validate, version } from 'uuid';
import { createIds } from '../../src/push/ids.ts';

test('ids are UUIDs of version 7 that ascend within a millisecond and when the clock goes back', () => {
  let now = 1_700_000_000_000;
  const next = createIds(() => now);
  const ids = Array.from({ length: 1000 }, () => next());
  now += 5;
  ids.push(next());
  now -= 60_000;
  for (let i = 0; i < 1000; i++) ids.push(next());
  assert.deepEqual(ids, ids.toSorted());
  assert.equal(new Set(ids).size, ids.length);
  assert.ok(ids.every((id) => validate(id) && version(id) === 7));
});
