import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type ParsedPush, parsePush } from '../../src/push/request.ts';

const VALID = { recipient_alias: 'ops_alert', content: { title: '标题', msg: '内容' } };

function accept(change: object = {}): { request: ParsedPush; warnings: string[] } {
  const parsed = parsePush({ ...VALID, ...change });
  assert.ok(parsed.ok, JSON.stringify(parsed));
  return parsed;
}

function faults(body: unknown): string[] {
  const parsed = parsePush(body);
  assert.ok(!parsed.ok);
  return parsed.faults.map((fault) => fault.message);
}

describe('defaults', () => {
  for (const nothing of [undefined, null, '']) {
    test(`type, style, strategy and format given as ${JSON.stringify(nothing)}`, () => {
      const { request } = accept({
        type: nothing,
        style: nothing,
        strategy: nothing,
        platform: nothing,
        content: { ...VALID.content, format: nothing, url: nothing, fields: nothing || null },
        mentions: nothing || null,
        priority: nothing || null,
        expires_in: nothing || null,
        idempotency_key: nothing,
      });
      assert.deepEqual(request, {
        alias: 'ops_alert',
        strategy: 'failover',
        message: { title: '标题', body: '内容', level: 'info', style: 'text', format: 'text' },
      });
    });
  }

  test('everything given is kept', () => {
    const { request, warnings } = accept({
      type: 'error',
      style: 'card',
      strategy: 'mixed',
      priority: 0,
      expires_in: 86400,
      idempotency_key: 'k',
      mentions: { all: true, mobiles: ['13800000000'], ids: [' u1 '] },
      content: {
        title: 't',
        msg: 'm',
        format: 'markdown',
        fields: [{ name: 'CPU', value: '' }],
        url: 'https://example.com/a b?q="',
      },
    });
    assert.deepEqual(request, {
      alias: 'ops_alert',
      strategy: 'mixed',
      priority: 0,
      expires_in: 86400,
      idempotency_key: 'k',
      message: {
        title: 't',
        body: 'm',
        level: 'error',
        style: 'card',
        format: 'markdown',
        fields: [{ name: 'CPU', value: '' }],
        url: 'https://example.com/a%20b?q=%22',
        mentions: { all: true, mobiles: ['13800000000'], ids: ['u1'] },
      },
    });
    assert.deepEqual(warnings, []);
  });

  test('mentions of nobody are no mentions', () => {
    assert.equal(accept({ mentions: { all: false, ids: [] } }).request.message.mentions, undefined);
  });
});

describe('platform', () => {
  for (const strategy of ['all', 'platform', 'nonsense', 42, { deep: [] }, null, undefined]) {
    test(`with strategy ${JSON.stringify(strategy)} reads platform`, () => {
      const { request, warnings } = accept({ platform: 'feishu', strategy });
      assert.equal(request.strategy, 'platform');
      assert.equal(request.platform, 'feishu');
      assert.deepEqual(warnings, []);
    });
  }
  for (const platform of [undefined, null, '', ' \n']) {
    test(`strategy platform with platform ${JSON.stringify(platform)} is a fault`, () => {
      assert.deepEqual(faults({ ...VALID, strategy: 'platform', platform }), ['strategy为platform时platform不能为空']);
    });
  }
  test('a platform nobody knows is accepted: the task will say so', () => {
    assert.equal(accept({ platform: 'nope' }).request.platform, 'nope');
  });
});

describe('faults', () => {
  for (const recipient_alias of [undefined, null, '', ' \t', '\u0000']) {
    test(`recipient_alias ${JSON.stringify(recipient_alias)}`, () => {
      assert.deepEqual(faults({ ...VALID, recipient_alias }), ['recipient_alias不能为空']);
    });
  }

  const cases: readonly [string, object, string][] = [
    ['alias of the wrong type', { recipient_alias: 5 }, 'recipient_alias必须是字符串'],
    ['alias too long', { recipient_alias: 'x'.repeat(257) }, 'recipient_alias不能超过256个字符'],
    ['type unknown', { type: 'fatal' }, 'type必须是 info、warning、error 之一'],
    ['type of the wrong type', { type: 3 }, 'type必须是 info、warning、error 之一'],
    ['style unknown', { style: 'html' }, 'style必须是 text、card 之一'],
    ['strategy unknown', { strategy: 'x' }, 'strategy必须是 all、failover、webhook_failover、mixed、platform 之一'],
    ['platform of the wrong type', { platform: 1 }, 'platform必须是字符串'],
    ['content missing', { content: undefined }, 'content不能为空'],
    ['content null', { content: null }, 'content不能为空'],
    ['content of the wrong type', { content: 'text' }, 'content必须是对象'],
    ['title of the wrong type', { content: { title: 1, msg: 'm' } }, 'content.title必须是字符串'],
    ['title missing', { content: { msg: 'm' } }, 'content.title不能为空'],
    ['title of line breaks only', { content: { title: '\r\n\t', msg: 'm' } }, 'content.title不能为空'],
    ['title of control characters only', { content: { title: '\u0001\u009f', msg: 'm' } }, 'content.title不能为空'],
    ['title too long', { content: { title: 'x'.repeat(1001), msg: 'm' } }, 'content.title不能超过1000个字符'],
    ['msg missing', { content: { title: 't' } }, 'content.msg不能为空'],
    ['msg blank', { content: { title: 't', msg: ' ' } }, 'content.msg不能为空'],
    ['format unknown', { content: { ...VALID.content, format: 'html' } }, 'content.format必须是 text、markdown 之一'],
    [
      'url of another scheme',
      { content: { ...VALID.content, url: 'javascript:alert(1)' } },
      'content.url必须是 http 或 https 网址',
    ],
    ['url that is none', { content: { ...VALID.content, url: 'x' } }, 'content.url必须是 http 或 https 网址'],
    ['fields of the wrong type', { content: { ...VALID.content, fields: {} } }, 'content.fields必须是数组'],
    [
      'field without a name',
      { content: { ...VALID.content, fields: [{ name: 'a', value: 'b' }, { value: '' }] } },
      'content.fields[1].name不能为空',
    ],
    [
      'field value of the wrong type',
      { content: { ...VALID.content, fields: [{ name: 'a', value: 85 }] } },
      'content.fields[0].value必须是字符串',
    ],
    [
      'too many fields',
      { content: { ...VALID.content, fields: Array.from({ length: 51 }, () => ({ name: 'a', value: 'b' })) } },
      'content.fields不能超过50项',
    ],
    ['too many mentions', { mentions: { ids: Array.from({ length: 101 }, String) } }, 'mentions.ids不能超过100项'],
    ['an empty mention', { mentions: { mobiles: [''] } }, 'mentions.mobiles[0]不能为空'],
    ['mentions.all of the wrong type', { mentions: { all: 'yes' } }, 'mentions.all必须是布尔值'],
    ['priority below', { priority: -1 }, 'priority不能小于0'],
    ['priority above', { priority: 10 }, 'priority不能大于9'],
    ['priority broken', { priority: 1.5 }, 'priority必须是整数'],
    ['priority as text', { priority: '5' }, 'priority必须是数字'],
    ['expires_in zero', { expires_in: 0 }, 'expires_in不能小于1'],
    ['expires_in above a day', { expires_in: 86401 }, 'expires_in不能大于86400'],
    ['idempotency_key too long', { idempotency_key: 'k'.repeat(256) }, 'idempotency_key不能超过255个字符'],
  ];
  for (const [name, change, message] of cases) {
    test(name, () => assert.deepEqual(faults({ ...VALID, ...change }), [message]));
  }

  test('all at once, recipient_alias first', () => {
    const body = { type: 'x', content: { title: 1 }, priority: 99, strategy: 'platform' };
    assert.deepEqual(faults(body), [
      'recipient_alias不能为空',
      'type必须是 info、warning、error 之一',
      'content.title必须是字符串',
      'content.msg不能为空',
      'priority不能大于9',
      'strategy为platform时platform不能为空',
    ]);
  });

  test('a body that is no object', () => {
    for (const body of [null, [], 'x', 5, true, undefined]) assert.deepEqual(faults(body), ['请求体必须是对象']);
  });

  test('a thousand faults are named by a hundred', () => {
    const mobiles = Array.from({ length: 100 }, () => 1);
    assert.equal(faults({ ...VALID, mentions: { mobiles, ids: mobiles } }).length, 100);
  });
});

describe('unknown keys', () => {
  test('are named wherever they are, and do no harm', () => {
    const body = JSON.parse(
      `{"recipient_alias":"ops_alert","foo":{"deep":[1]},"__proto__":{"type":"error"},"constructor":1,
        "content":{"title":"t","msg":"m","bar":1,"fields":[{"name":"a","value":"b","c":1}]},"mentions":{"all":true,"x":1}}`,
    ) as unknown;
    const parsed = parsePush(body);
    assert.ok(parsed.ok);
    assert.deepEqual(parsed.warnings, [
      '未知字段 foo 已忽略',
      '未知字段 __proto__ 已忽略',
      '未知字段 constructor 已忽略',
      '未知字段 content.bar 已忽略',
      '未知字段 content.fields[0].c 已忽略',
      '未知字段 mentions.x 已忽略',
    ]);
    assert.equal(parsed.request.message.level, 'info');
  });

  test('are cleaned, shortened and counted', () => {
    const many = Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`\u001b[31m${'长'.repeat(90)}${i}`, i]));
    const { warnings } = accept(many);
    assert.equal(warnings.length, 21);
    assert.equal(warnings[0], `未知字段 [31m${'长'.repeat(60)} 已忽略`);
    assert.equal(warnings[20], '另有 10 个未知字段已忽略');
  });
});
