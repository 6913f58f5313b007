import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { mailHtml } from '../src/channel/text/mail-html.ts';
import { markdownHtml } from '../src/channel/text/markdown-html.ts';

describe('Markdown in a mail', () => {
  const cases: readonly (readonly [string, string, string])[] = [
    ['bold, italics, strike-through', '**a** *b* ~~c~~', '<b>a</b> <i>b</i> <s>c</s><br>'],
    ['code keeps its markup', '`**a** <b>`', '<code>**a** &lt;b&gt;</code><br>'],
    ['a lone backtick', 'a ` b', 'a ` b<br>'],
    ['a link', '[x](https://a.example/?b=1&c=2)', '<a href="https://a.example/?b=1&amp;c=2">x</a><br>'],
    ['lists', '- a\n- b\n1. c', '<ul>\n<li>a</li>\n<li>b</li>\n</ul>\n<ol>\n<li>c</li>\n</ol>'],
    ['a rule', 'a\n---', 'a<br>\n<hr>'],
    ['paragraphs', 'a\n\nb', 'a<br>\n<br>\nb<br>'],
    ['stars that are no markup', '2 * 3 * 4', '2 * 3 * 4<br>'],
    ['HTML stays text', '<b onclick="x">&amp;</b>', '&lt;b onclick=&quot;x&quot;&gt;&amp;amp;&lt;/b&gt;<br>'],
  ];
  for (const [what, source, html] of cases) test(what, () => assert.equal(markdownHtml(source), html));

  test('headings shrink with their depth', () => {
    assert.match(markdownHtml('# a'), /font-size:20px">a<\/div>/);
    assert.match(markdownHtml('###### a'), /font-size:15px">a<\/div>/);
    assert.equal(markdownHtml('#a'), '#a<br>');
  });

  test('a fence keeps everything, even when it is never closed', () => {
    assert.match(markdownHtml('```js\n# <a>\n```\nb'), /<pre [^>]*># &lt;a&gt;<\/pre>\nb<br>/);
    assert.match(markdownHtml('```\n- a'), /<pre [^>]*>- a<\/pre>/);
  });

  test('only http, https and mailto become links', () => {
    for (const url of ['javascript:alert(1)', 'data:text/html,x', 'file:///etc/passwd', ' https://x', '"https://x']) {
      assert.doesNotMatch(markdownHtml(`[x](${url})`), /href/, url);
    }
    assert.match(markdownHtml('[x](mailto:a@b.example)'), /href="mailto:/);
    assert.doesNotMatch(markdownHtml('[x](https://a.example/"onclick="alert(1))'), /"onclick/);
  });

  test('endless markup costs no endless time', () => {
    for (const piece of ['*', '**', '[', '](', '`', '~~', '# ', '> ', '- ', '[a](https://x']) {
      assert.ok(markdownHtml(piece.repeat(20_000)).length > 0);
    }
  });
});

describe('the mail as HTML', () => {
  const message = { title: 't', body: 'b', level: 'info', style: 'card', format: 'text' } as const;

  test('keeps lines, indents, tabs and columns of plain text', () => {
    const html = mailHtml({ ...message, body: 'a  b\n  c\n\td' });
    assert.ok(html.includes('a&nbsp; b<br>\n&nbsp;&nbsp;c<br>\n&nbsp;&nbsp;&nbsp;&nbsp;d'));
  });

  test('fetches nothing and runs nothing', () => {
    const html = mailHtml({ ...message, fields: [{ name: 'n', value: 'v' }], url: 'https://x.example/?a="><script>' });
    assert.doesNotMatch(html, /<script|<img|<link|@import|url\(/);
    assert.ok(html.includes('href="https://x.example/?a=&quot;&gt;&lt;script&gt;"'));
  });
});
