import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Forbidden, phrase, shortenTogether } from '../src/channel/text/phrase.ts';
import { shorten } from '../src/channel/text/shorten.ts';

const ALL: readonly Forbidden[] = ['links', 'addresses', 'emoji'];

describe('a text shortened', () => {
  test('keeps within its length, ellipsis included', () => {
    assert.equal(shorten('abcdef', 6), 'abcdef');
    assert.equal(shorten('abcdefg', 6), 'abcde…');
    assert.equal(shorten('磁盘使用率已超过阈值', 6), '磁盘使用率…');
    assert.equal(shorten('ab', 1), '…');
  });

  test('never splits a character', () => {
    assert.equal(shorten('👨‍👩‍👧‍👦👨‍👩‍👧‍👦', 12), '👨‍👩‍👧‍👦…');
    assert.equal(shorten('👨‍👩‍👧‍👦👨‍👩‍👧‍👦', 11), '…');
    assert.equal(shorten('🇨🇳🇨🇳🇨🇳', 8), '🇨🇳…');
    assert.equal(shorten('e\u0301e\u0301e\u0301', 4), 'e\u0301…');
    assert.equal(shorten(`a${'\u0301'.repeat(500)}`, 10), '…');
  });
});

describe('a phrase', () => {
  test('is one line, and never empty', () => {
    assert.equal(phrase('  CPU\t告警\n\n 主机 ', ALL, 35), 'CPU 告警 主机');
    assert.equal(phrase(' \n', ALL, 35), '无');
    assert.equal(phrase('🔥🔥', ALL, 35), '无');
  });

  for (const [said, left] of [
    ['见 https://ops.example/a?b=(c)#d。请处理', '见 [链接]。请处理'],
    ['见https://ops.example/a请处理', '见[链接]请处理'],
    ['<a href="HTTP://evil.example/x">y</a>', '<a href="[链接]">y</a>'],
    ['[面板](https://ops.example/b)', '[面板]([链接])'],
    ['ftp://a/b www.internal/x', '[链接] [链接]'],
    ['访问 status.example.com:8443/a/b?c=d 查看', '访问 [链接] 查看'],
    ['example.cn，a.b.org', '[链接]，[链接]'],
    ['java.io.IOException in main.go, a@b.com', 'java.io.IOException in main.go, a@b.com'],
    ['db-1.prod v1.2.3 已发布', 'db-1.prod v1.2.3 已发布'],
    ['主机 10.0.0.1:9100, 172.16.254.1.', '主机 [IP], [IP].'],
    ['http://10.0.0.1:9090/x', '[链接]'],
    ['🔴 CPU ⚠️ 95% 👨‍👩‍👧‍👦', 'CPU 95%'],
  ] as const) {
    test(`of ${said}`, () => assert.equal(phrase(said, ALL, 35), left));
  }

  test('leaves what is not forbidden', () => {
    assert.equal(phrase('🔥 10.0.0.1 https://a.example', ['links'], 35), '🔥 10.0.0.1 [链接]');
    assert.equal(phrase('🔥 10.0.0.1 https://a.example', [], 35), '🔥 10.0.0.1 https://a.example');
  });

  test('of a text that is too long to be looked at shows that it was cut, without half a character', () => {
    assert.equal(phrase('🔥'.repeat(5000), ALL, 35), '…');
    const long = phrase(`a${'🔥'.repeat(5000)}`, [], 35);
    assert.ok(long.isWellFormed() && long.endsWith('🔥…'));
  });
});

describe('values shortened together', () => {
  const lengths = (values: readonly string[], max: number) => shortenTogether(values, max).map(({ length }) => length);

  test('stay whole when there is room', () => {
    assert.deepEqual(shortenTogether(['abc', 'de'], 5), ['abc', 'de']);
    assert.deepEqual(shortenTogether([], 5), []);
  });

  test('the longest give way, to one length', () => {
    assert.deepEqual(lengths(['x'.repeat(300)], 249), [249]);
    assert.deepEqual(lengths(['x'.repeat(9), 'x'.repeat(300)], 249), [9, 240]);
    assert.deepEqual(lengths(['x'.repeat(300), 'x'.repeat(9), 'x'.repeat(200)], 249), [120, 9, 120]);
    assert.deepEqual(shortenTogether(['甲乙丙丁', 'x', '甲乙丙丁'], 7), ['甲乙…', 'x', '甲乙…']);
  });
});
