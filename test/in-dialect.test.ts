import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Dialect } from '../src/channel/text/dialect.ts';
import { inDialect } from '../src/channel/text/in-dialect.ts';
import { breakCalls, escapeMarkdown } from '../src/channel/text/markdown-escape.ts';

/** Says what was understood. */
const TAGS: Dialect = {
  text: (plain) => plain.toUpperCase(),
  code: (plain) => `<c>${plain}</c>`,
  bold: (inner) => `<b>${inner}</b>`,
  italic: (inner) => `<i>${inner}</i>`,
  strike: (inner) => `<s>${inner}</s>`,
  link: (label, url) => `<a ${url}>${label}</a>`,
  heading: (inner) => `<h>${inner}</h>`,
  pre: (plain) => `<pre>${plain}</pre>`,
  paragraph: (lines) => `<p>${lines.join('|')}</p>`,
  quote: (lines) => `<q>${lines.join('|')}</q>`,
  bullets: (items) => `<ul>${items.map(({ depth, inner }) => `${depth}${inner}`).join('|')}</ul>`,
  numbers: (items, first) => `<ol ${first}>${items.map(({ depth, inner }) => `${depth}${inner}`).join('|')}</ol>`,
  rule: '<hr>',
};

for (const [source, said] of [
  ['plain', '<p>PLAIN</p>'],
  ['', '<p></p>'],
  ['a\n\nb', '<p>A||B</p>'],
  ['**a** *b* ~~c~~ `d`', '<p><b>A</b> <i>B</i> <s>C</s> <c>d</c></p>'],
  ['**a *b* c**', '<p>**A <i>B</i> C**</p>'],
  ['**[l `m`](https://x.example/a_b)**', '<p><b><a https://x.example/a_b>L <c>m</c></a></b></p>'],
  ['[a](javascript:x) [b](mailto:c@d.example)', '<p>[A](JAVASCRIPT:X) <a mailto:c@d.example>B</a></p>'],
  ['`**a**`', '<p><c>**a**</c></p>'],
  ['2 * 3 * 4, *a**b*, ***', '<p>2 * 3 * 4, *A**B*, ***</p>'],
  ['`a\nb` **c\nd** [e\nf](https://x.example/)', '<p>`A|B` **C|D** [E|F](HTTPS://X.EXAMPLE/)</p>'],
  ['# a **b** `c`', '<h>A B <c>c</c></h>'],
  ['#a\n####### b', '<p>#A|####### B</p>'],
  ['- a\n  - *b*\n* c\n+ d', '<ul>0A|1<i>B</i>|0C|0D</ul>'],
  ['3. a\n4) b\n1234567890. c', '<ol 3>0A|0B</ol>\n<p>1234567890. C</p>'],
  ['> a\n>b\nc', '<q>A|B</q>\n<p>C</p>'],
  ['---\n****\n--', '<hr>\n<hr>\n<p>--</p>'],
  ['a\n```sh\n# *x*\n- y\n```\nb', '<p>A</p>\n<pre># *x*\n- y</pre>\n<p>B</p>'],
  ['```\nnever closed', '<pre>never closed</pre>'],
] as const) {
  test(`${JSON.stringify(source)} is read as ${said}`, () => assert.equal(inDialect(source, TAGS), said));
}

test('whatever the signs, all words come out, once', () => {
  const signs = ['*', '**', '`', '```', '~~', '[', '](https://x.example)', '\n', '> ', '- ', '# ', ' ', '1. '];
  for (let seed = 1; seed < 2000; seed++) {
    let at = seed;
    const next = () => (at = (at * 48_271) % 2_147_483_647);
    const source = Array.from({ length: 12 }, (_, i) => `${signs[next() % signs.length]}W${i}w`).join('');
    const said = inDialect(source, TAGS).toUpperCase();
    // What follows the sign of a fence on its line names a language and is not shown.
    const shown = source.replace(/^\s*```.*$/gm, '').toUpperCase();
    for (const [word] of shown.matchAll(/W\d+W/g)) assert.equal(said.split(word).length, 2, `${word}: ${source}`);
  }
});

test('plain text in Markdown is escaped beside its URLs', () => {
  for (const [plain, said] of [
    ['a_b *c* `d` [e](f) ~g~ |', 'a\\_b \\*c\\* \\`d\\` \\[e\\](f) \\~g\\~ \\|'],
    ['# a\n  > b\n- c\n12. d\n3.5', '\\# a\n  \\> b\n\\- c\n12\\. d\n3.5'],
    ['C:\\x', 'C:\\\\x'],
    ['see https://x.example/a_b*c and d_e', 'see https://x.example/a_b*c and d\\_e'],
  ] as const) {
    assert.equal(escapeMarkdown(plain), said);
  }
});

test('a call in text of others is broken; an address and a URL are not', () => {
  assert.equal(
    breakCalls('@all (@bob) a@b.example https://x.example/?u=@c 5 @ 6'),
    '@\u200ball (@\u200bbob) a@b.example https://x.example/?u=@c 5 @ 6',
  );
});
