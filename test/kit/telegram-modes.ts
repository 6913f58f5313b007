import assert from 'node:assert/strict';

/** What Telegram shows, by the rules of core.telegram.org/bots/api#formatting-options; an entity it cannot parse throws. */
export const PARSERS: Readonly<Record<'HTML' | 'Markdown' | 'MarkdownV2', (text: string) => string>> = {
  HTML(text) {
    const open: string[] = [];
    const shown = text.replace(
      /<(\/?)(\w+)((?: href="[^"<>]*")?)>|&(amp|lt|gt|quot|#39);|[<>&]/g,
      (whole, end, tag, href, entity) => {
        if (entity) return ENTITIES[String(entity)]!;
        assert.ok(tag && /^(b|i|s|a|code|pre|blockquote)$/.test(String(tag)), `odd ${whole} in ${text}`);
        assert.equal(href !== '', tag === 'a' && end === '', whole);
        if (end) assert.equal(open.pop(), tag, `${whole} in ${text}`);
        else open.push(String(tag));
        return '';
      },
    );
    assert.deepEqual(open, []);
    return shown;
  },
  MarkdownV2(text) {
    const open: string[] = [];
    let shown = '';
    for (let i = 0; i < text.length; i++) {
      const c = text[i]!;
      const inCode = open.at(-1) === '`' || open.at(-1) === '```';
      if (c === '\\' && i + 1 < text.length) {
        shown += text[++i]!;
      } else if (c === '`') {
        const sign = text.startsWith('```', i) ? '```' : '`';
        if (inCode) assert.equal(open.pop(), sign, text);
        else open.push(sign);
        i += sign.length - 1;
      } else if (inCode) {
        shown += c;
      } else if (c === ']') {
        assert.equal(open.pop(), '[', text);
        const target = /^\]\((?:[^)\\]|\\.)*\)/.exec(text.slice(i));
        assert.ok(target, `no link in ${text}`);
        i += target[0].length - 1;
      } else if (c === '>' && (i === 0 || text[i - 1] === '\n')) {
        continue;
      } else if ('*_~['.includes(c)) {
        assert.ok(!text.startsWith('__', i), `an underline in ${text}`);
        if (open.at(-1) === c) open.pop();
        else {
          assert.ok(c === '[' || !open.includes(c), `${c} crosses another entity in ${text}`);
          open.push(c);
        }
      } else {
        assert.ok(!'()>#+-=|{}.!'.includes(c), `bare ${c} in ${text}`);
        shown += c;
      }
    }
    assert.deepEqual(open, [], text);
    return shown;
  },
  Markdown(text) {
    let shown = '';
    let i = 0;
    while (i < text.length) {
      const c = text[i]!;
      if (c === '\\' && '_*`['.includes(text[i + 1] ?? '.')) {
        shown += text[i + 1]!;
        i += 2;
        continue;
      }
      if (!'_*`['.includes(c)) {
        shown += c;
        i++;
        continue;
      }
      const sign = text.startsWith('```', i) ? '```' : c === '[' ? ']' : c;
      const start = i + (sign === ']' ? 1 : sign.length);
      const end = text.indexOf(sign, start);
      assert.ok(end >= 0, `no end of ${c} in ${text}`);
      shown += text.slice(start, end);
      i = end + sign.length;
      if (sign === ']' && text[i] === '(') i = text.indexOf(')', i) + 1;
    }
    return shown;
  },
};

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" };
