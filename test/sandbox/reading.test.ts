import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readBasic } from '../../src/sandbox/basic.ts';
import { linksOfHtml, textOfHtml } from '../../src/sandbox/html-text.ts';

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
