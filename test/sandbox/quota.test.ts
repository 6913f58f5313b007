import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createQuota } from '../../src/sandbox/quota.ts';

test('a quota tells how long to wait and what is left, for each key and over all windows', () => {
  const quota = createQuota([
    { max: 2, ms: 1000 },
    { max: 3, ms: 10_000 },
  ]);
  assert.equal(quota.wait('a', 0), 0);
  assert.equal(quota.left('a', 0), 2);
  quota.take('a', 0);
  quota.take('a', 400);
  assert.equal(quota.left('a', 400), 0);
  assert.equal(quota.wait('a', 400), 600);
  assert.equal(quota.wait('b', 400), 0);
  assert.equal(quota.wait('a', 999), 1);
  assert.equal(quota.wait('a', 1000), 0);
  quota.take('a', 1000);
  assert.equal(quota.wait('a', 2000), 8000);
  assert.equal(quota.wait('a', 10_000), 0);
});
