import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readBasic } from '../../src/sandbox/basic.ts';
import { createBucket } from '../../src/sandbox/bucket.ts';
import { linksOfHtml, textOfHtml } from '../../src/sandbox/html-text.ts';
import { createTally, dayOf } from '../../src/sandbox/tally.ts';

describe('what stand-ins count with', () => {
  test('a bucket gives back in full, never above its burst, each key apart', () => {
    const pass = createBucket({ burst: 2, refill_ms: 1000 });
    assert.deepEqual([pass('a', 0), pass('a', 0), pass('a', 0), pass('b', 0)], [true, true, false, true]);
    // ten tenths are one: nothing is lost in between
    for (let now = 100; now < 1000; now += 100) assert.equal(pass('a', now), false);
    assert.equal(pass('a', 1000), true);
    assert.deepEqual([pass('a', 9000), pass('a', 9000), pass('a', 9000)], [true, true, false]);
  });

  test('a tally starts anew with its period', () => {
    const count = createTally();
    assert.deepEqual([count('a', '1'), count('a', '1'), count('b', '1'), count('a', '2')], [1, 2, 1, 1]);
    assert.equal(dayOf(Date.parse('2026-01-31T16:00:00Z'), 8), '2026-02-01');
    assert.equal(dayOf(Date.parse('2026-01-31T15:59:59Z'), 8), '2026-01-31');
  });
});

describe('what stand-ins read with', () => {
  test('basic logins', () => {
    const of = (text: string) => readBasic(`Basic ${Buffer.from(text).toString('base64')}`);
    assert.deepEqual(of('user:pa:ss'), { user: 'user', password: 'pa:ss' });
    assert.deepEqual(of('用户:'), { user: '用户', password: '' });
    assert.equal(of('user'), undefined);
    assert.equal(readBasic('Bearer dXNlcjpwYXNz'), undefined);
    assert.equal(readBasic(undefined), undefined);
  });

  test('the text of simple HTML', () => {
    assert.equal(textOfHtml('<p>a<br/>b</p><ul><li>c</li></ul>'), 'a\nb\nc');
    assert.equal(textOfHtml('1 &lt; 2 &amp;lt; &#x1F525; &#39; &unknown; 3 < 4'), "1 < 2 &lt; 🔥 ' &unknown; 3 < 4");
    assert.equal(textOfHtml('<script>x</script><style>y</style>z'), 'z');
    assert.equal(textOfHtml('&#x110000;'), '&#x110000;');
    assert.deepEqual(linksOfHtml(`<a class="b" href='https://x.example/?a=1&amp;b=2'><b>Open</b></a>`), [
      { text: 'Open', url: 'https://x.example/?a=1&b=2' },
    ]);
  });
});
