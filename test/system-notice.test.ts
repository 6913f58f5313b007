import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createNoticeIds } from '../src/system/notice.ts';

const NOW = Date.UTC(2025, 7, 4, 9, 7, 48, 500);

describe('ids', () => {
  test('the second in UTC and a counter that starts anew each second', () => {
    const id = createNoticeIds();
    assert.deepEqual(
      [id(NOW), id(NOW + 100), id(NOW + 500), id(NOW + 501)],
      [
        'notify_20250804090748_000000',
        'notify_20250804090748_000001',
        'notify_20250804090749_000000',
        'notify_20250804090749_000001',
      ],
    );
  });

  test('more than a million in one second, and a clock that goes back and forth: none twice, always ascending', () => {
    const id = createNoticeIds();
    let last = '';
    for (let i = 0; i < 2_200_000; i += 1) {
      const next = id(NOW + (i % 3) * 1000 - (i % 5) * 60_000);
      if (next <= last) assert.fail(`${next} after ${last}`);
      last = next;
    }
    assert.match(last, /^notify_20250804090752_\d{6}$/);
  });

  test('after the clock went back the ids go on', () => {
    const id = createNoticeIds();
    assert.equal(id(NOW), 'notify_20250804090748_000000');
    assert.equal(id(NOW - 3_600_000), 'notify_20250804090748_000001');
    assert.equal(id(NOW + 1000), 'notify_20250804090749_000000');
  });
});
