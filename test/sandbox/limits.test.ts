import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createCalendarCount, dayOf } from '../../src/sandbox/limits/calendar-count.ts';
import { createRateLimit } from '../../src/sandbox/limits/rate-limit.ts';
import { createSlidingWindows } from '../../src/sandbox/limits/sliding-windows.ts';
import { createTokenBucket } from '../../src/sandbox/limits/token-bucket.ts';

describe('sliding windows', () => {
  test('tell how long to wait and what is left, for each key and over all of them', () => {
    const windows = createSlidingWindows([
      { max: 2, ms: 1000 },
      { max: 3, ms: 10_000 },
    ]);
    assert.equal(windows.wait('a', 0), 0);
    assert.equal(windows.left('a', 0), 2);
    windows.take('a', 0);
    windows.take('a', 400);
    assert.equal(windows.left('a', 400), 0);
    assert.equal(windows.wait('a', 400), 600);
    assert.equal(windows.wait('b', 400), 0);
    assert.equal(windows.wait('a', 999), 1);
    assert.equal(windows.wait('a', 1000), 0);
    windows.take('a', 1000);
    assert.equal(windows.wait('a', 2000), 8000);
    assert.equal(windows.wait('a', 10_000), 0);
  });

  test('name the one that is full', () => {
    const minute = { max: 1, ms: 60_000 };
    const hour = { max: 2, ms: 3_600_000 };
    const windows = createSlidingWindows([minute, hour]);
    windows.take('a', 0);
    assert.equal(windows.full('a', 59_999), minute);
    assert.equal(windows.full('a', 60_000), undefined);
    windows.take('a', 60_000);
    assert.equal(windows.full('a', 120_000), hour);
    assert.equal(windows.full('b', 120_000), undefined);
  });
});

describe('a rate limit', () => {
  test('goes by sliding windows, and a refused request takes no place', () => {
    const pass = createRateLimit({ windows: [{ max: 2, ms: 1000 }], block_ms: 0 });
    assert.deepEqual(
      [0, 500, 600, 999, 1000, 1001, 1500].map((at) => pass('k', at)),
      [true, true, false, false, true, false, true],
    );
    assert.equal(pass('other', 1001), true);
  });

  test('a block lasts its time and is not prolonged', () => {
    const pass = createRateLimit({ windows: [{ max: 1, ms: 100 }], block_ms: 1000 });
    assert.deepEqual(
      [0, 50, 500, 1049, 1050].map((at) => pass('k', at)),
      [true, false, false, false, true],
    );
  });

  test('keys have an end: the oldest is forgotten', () => {
    const pass = createRateLimit({ windows: [{ max: 1, ms: 1000 }], block_ms: 0 });
    for (let i = 0; i <= 10_000; i += 1) assert.equal(pass(String(i), 0), true);
    assert.equal(pass('1', 0), false);
    assert.equal(pass('0', 0), true);
  });
});

describe('a token bucket and a count', () => {
  test('a bucket gives back in full, never above its burst, each key apart', () => {
    const pass = createTokenBucket({ burst: 2, refill_ms: 1000 });
    assert.deepEqual([pass('a', 0), pass('a', 0), pass('a', 0), pass('b', 0)], [true, true, false, true]);
    // Ten tenths are one: nothing is lost in between.
    for (let now = 100; now < 1000; now += 100) assert.equal(pass('a', now), false);
    assert.equal(pass('a', 1000), true);
    assert.deepEqual([pass('a', 9000), pass('a', 9000), pass('a', 9000)], [true, true, false]);
  });

  test('a count by calendar starts anew with its period', () => {
    const count = createCalendarCount();
    assert.deepEqual([count('a', '1'), count('a', '1'), count('b', '1'), count('a', '2')], [1, 2, 1, 1]);
    assert.equal(dayOf(Date.parse('2026-01-31T16:00:00Z'), 8), '2026-02-01');
    assert.equal(dayOf(Date.parse('2026-01-31T15:59:59Z'), 8), '2026-01-31');
  });
});
