import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { start } from './start.ts';

const SEND = '/wxpusher/api/send/message';
const TEXT = { appToken: 'AT_xxx', content: 'hello', contentType: 1, uids: ['UID_xxx'] };
const code = ({ json }: { json: unknown }): number => (json as { code: number }).code;

interface Item {
  readonly uid: string | null;
  readonly topicId: number | null;
  readonly code: number;
}

describe('wxpusher', () => {
  test('everything that is shown', async (t) => {
    const { post, sandbox } = await start(t);
    const { status, json } = await post(SEND, {
      appToken: 'AT_xxx',
      summary: 'Disk almost full',
      content: '## T\n\n- usage: **91 %** <font color="#D92D20">!</font>',
      contentType: 3,
      topicIds: [123],
      uids: ['UID_xxx'],
      url: 'https://x.example/a',
      verifyPayType: 0,
    });
    assert.equal(status, 200);
    const answer = json as { code: number; success: boolean; data: Item[] };
    assert.deepEqual([answer.code, answer.success], [1000, true]);
    assert.deepEqual(
      answer.data.map((item) => [item.uid, item.topicId, item.code]),
      [
        ['UID_xxx', null, 1000],
        [null, 123, 1000],
      ],
    );
    const [shown] = sandbox.messages({ platform: 'wxpusher', token: 'AT_xxx' });
    assert.deepEqual([shown?.title, shown?.format, shown?.level], ['Disk almost full', 'markdown', 'error']);
    assert.deepEqual(shown?.links, [{ text: '原文链接', url: 'https://x.example/a' }]);
    assert.deepEqual(shown?.fields, [
      { name: '用户', value: 'UID_xxx' },
      { name: '主题', value: '123' },
    ]);
  });

  test('html is shown as its text', async (t) => {
    const { post, sandbox } = await start(t);
    await post(SEND, { ...TEXT, contentType: 2, content: '<h1>a</h1><p>b</p>' });
    assert.deepEqual([sandbox.messages()[0]?.text, sandbox.messages()[0]?.kind], ['a\nb', 'html']);
  });

  const bad: Record<string, [body: unknown, code: number]> = {
    'no JSON': ['{', 1009],
    'no token': [{ ...TEXT, appToken: undefined }, 1001],
    'a token that is none': [{ ...TEXT, appToken: 'xxx' }, 1002],
    'no content': [{ ...TEXT, content: undefined }, 1003],
    'an empty content': [{ ...TEXT, content: '' }, 1003],
    nobody: [{ ...TEXT, uids: [] }, 1004],
    '40,001 characters': [{ ...TEXT, content: 'a'.repeat(40_001) }, 1007],
    'a summary of 101': [{ ...TEXT, summary: 'a'.repeat(101) }, 1007],
    'an address of 401': [{ ...TEXT, url: `https://x.example/${'a'.repeat(383)}` }, 1007],
    'six topics': [{ ...TEXT, topicIds: [1, 2, 3, 4, 5, 6] }, 1009],
    '2,001 uids': [{ ...TEXT, uids: Array.from({ length: 2001 }, () => 'UID_x') }, 1009],
    'topics as text': [{ ...TEXT, topicIds: ['1'] }, 1009],
    'contentType 4': [{ ...TEXT, contentType: 4 }, 1009],
    'contentType as text': [{ ...TEXT, contentType: '1' }, 1009],
  };
  for (const [name, [body, expected]] of Object.entries(bad)) {
    test(`${name}: ${expected} inside a 200`, async (t) => {
      const { post, sandbox } = await start(t);
      const reply = await post(SEND, body);
      assert.equal(reply.status, 200);
      assert.equal(code(reply), expected);
      assert.equal((reply.json as { success: boolean }).success, false);
      assert.equal(sandbox.messages().length, 0);
    });
  }

  test('one wrong uid shows in its item alone', async (t) => {
    const { post, sandbox } = await start(t);
    const { json } = await post(SEND, { ...TEXT, uids: ['UID_xxx', 'me'] });
    const { data } = json as { data: Item[] };
    assert.deepEqual([code({ json }), data[0]?.code, data[1]?.code], [1000, 1000, 1004]);
    assert.equal(sandbox.messages().length, 1);
    assert.equal(code(await post(SEND, { ...TEXT, uids: ['me'] })), 1000);
    assert.equal(sandbox.messages().length, 1);
    assert.equal(sandbox.refusals()[0]?.code, '1004');
  });

  test('two a second', async (t) => {
    const { post, clock } = await start(t);
    assert.equal(code(await post(SEND, TEXT)), 1000);
    clock.advance(500);
    assert.equal(code(await post(SEND, TEXT)), 1000);
    assert.equal(code(await post(SEND, TEXT)), 1008);
    assert.equal(code(await post(SEND, { ...TEXT, appToken: 'AT_yyy' })), 1000);
    clock.advance(500);
    assert.equal(code(await post(SEND, TEXT)), 1000);
    assert.equal(code(await post(SEND, TEXT)), 1008);
  });

  test('method and faults', async (t) => {
    const { post, sandbox } = await start(t);
    assert.equal(code({ json: await (await fetch(sandbox.url + SEND)).json() }), 1009);
    for (let fault = 1001; fault <= 1010; fault += 1) {
      sandbox.fault({ platform: 'wxpusher', token: 'AT_xxx', fault: `code:${fault}` });
      assert.equal(code(await post(SEND, TEXT)), fault);
    }
    assert.throws(() => sandbox.fault({ platform: 'wxpusher', fault: 'code:1000' }));
  });
});
