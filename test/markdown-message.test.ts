import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { bodyText } from '../src/channel/text/body-text.ts';
import { markdownMessage } from '../src/channel/text/markdown-message.ts';
import { shorten } from '../src/channel/text/shorten.ts';
import type { Message } from '../src/model.ts';
import { STYLES, hostileMessage } from './kit/hostile.ts';

const BARE: Message = { title: 'T *1*', body: '', level: 'error', style: 'card', format: 'text' };
const ALL = { title: true, link: true };
const NOTHING = { title: false, link: false };

describe('a message in Markdown', () => {
  const full: Message = {
    ...BARE,
    body: '1. a_b [c](d)\n# e <b>f</b>',
    fields: [{ name: '主机', value: 'db_1' }],
    url: 'https://x.example/(a) b',
  };

  test('shows plain text as it was written', () => {
    assert.equal(
      markdownMessage(full, ALL),
      [
        '### 🔴 T \\*1\\*',
        '1\\. a\\_b \\[c\\](d)  \n\\# e <\u200Bb>f<\u200B/b>',
        '- **主机**：db\\_1',
        '[查看详情](https://x.example/%28a%29%20b)',
      ].join('\n\n'),
    );
  });

  test('leaves out what a platform shows elsewhere', () => {
    assert.doesNotMatch(markdownMessage(full, NOTHING), /T |查看详情/);
  });

  test('keeps Markdown as it is, but for tags and images', () => {
    const body = '**a** [b](https://c.example) ![d](https://e.example/p.png) <img src=x>';
    assert.equal(
      markdownMessage({ ...BARE, body, format: 'markdown' }, NOTHING),
      '**a** [b](https://c.example) !\u200B[d](https://e.example/p.png) <\u200Bimg src=x>',
    );
  });

  test('is never empty', () => {
    assert.equal(markdownMessage(BARE, NOTHING), 'T \\*1\\*');
    assert.equal(bodyText(BARE, { link: false }), 'T *1*');
    const blank = { ...BARE, body: ' \t\n ' };
    assert.equal(markdownMessage(blank, NOTHING), 'T \\*1\\*');
    assert.equal(bodyText(blank, { link: false }), 'T *1*');
  });

  test('opens no tag and loads no image, whatever its text', () => {
    for (const style of STYLES) {
      for (const format of ['text', 'markdown'] as const) {
        assert.doesNotMatch(markdownMessage(hostileMessage(style, format), ALL), /<[a-z/!@]|!\[/i);
      }
      const plain = markdownMessage({ ...hostileMessage(style, 'text'), title: 't' }, ALL);
      assert.doesNotMatch(plain, /(?<!\\)\]\((?!https:\/\/ops\.example)/);
    }
  });
});

describe('a shortened text', () => {
  test('stays whole where it fits', () => {
    assert.equal(shorten('12345', 5), '12345');
    assert.equal(shorten('', 0), '');
  });

  test('ends in an ellipsis, within its length', () => {
    assert.equal(shorten('123456', 5), '1234…');
    assert.equal(shorten('x'.repeat(100_000), 32).length, 32);
  });

  test('splits no character', () => {
    assert.equal(shorten('🔥🔥🔥', 5), '🔥🔥…');
    assert.equal(shorten('🔥🔥🔥', 4), '🔥…');
    assert.equal(shorten('👨‍👩‍👧‍👦👨‍👩‍👧‍👦', 13), '👨‍👩‍👧‍👦…');
    assert.equal(shorten('👨‍👩‍👧‍👦👨‍👩‍👧‍👦', 11), '…');
  });
});
