import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { call, type Reply } from './call.ts';
import { start } from './start.ts';

const QUERY = '?api-version=2016-06-01&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig=abc-DEF_1';
const TAIL = '/triggers/manual/paths/invoke';
const SEND = `/workflows/f1${TAIL}${QUERY}`;
const code = ({ json }: Reply): string => (json as { error: { code: string } }).error.code;

const block = (text: string, more: object = {}) => ({ type: 'TextBlock', text, wrap: true, ...more });
const card = (body: unknown[], more: object = {}) => ({
  type: 'message',
  attachments: [
    {
      contentType: 'application/vnd.microsoft.card.adaptive',
      contentUrl: null,
      content: { type: 'AdaptiveCard', version: '1.4', body, ...more },
    },
  ],
});
const ann = { type: 'mention', text: '<at>Ann</at>', mentioned: { id: 'ann@example.com', name: 'Ann' } };
const mentioning = (...entities: unknown[]) => ({ msteams: { width: 'full', entities } });

describe('teams shapes', () => {
  test('a text is a card of one block; 202 has no body', async (t) => {
    const { sandbox } = await start(t);
    const reply = await call(sandbox, SEND, card([block('Disk usage is at **91 %**')]));
    assert.deepEqual([reply.status, reply.text], [202, '']);
    const [kept] = sandbox.messages({ platform: 'teams', token: 'f1' });
    assert.deepEqual([kept?.style, kept?.title, kept?.text], ['text', '', 'Disk usage is at **91 %**']);
  });

  test('a card shows title, text, facts, buttons, mentions, colour', async (t) => {
    const { sandbox } = await start(t);
    const body = [
      block('Disk almost full', { size: 'Large', weight: 'Bolder', color: 'Attention' }),
      { type: 'Container', items: [block('<at>Ann</at> volume /data')] },
      { type: 'FactSet', facts: [{ title: 'Host', value: 'db-1' }] },
    ];
    const actions = [{ type: 'Action.OpenUrl', title: 'Open', url: 'https://example.com/alerts/1' }];
    const reply = await call(sandbox, SEND, card(body, { ...mentioning(ann), actions }));
    assert.equal(reply.status, 202);
    const [kept] = sandbox.messages();
    assert.deepEqual([kept?.style, kept?.title, kept?.text], ['card', 'Disk almost full', '@Ann volume /data']);
    assert.deepEqual([kept?.level, kept?.colour], ['error', 'attention']);
    assert.deepEqual(kept?.fields, [{ name: 'Host', value: 'db-1' }]);
    assert.deepEqual(kept?.links, [{ text: 'Open', url: 'https://example.com/alerts/1' }]);
    assert.deepEqual(kept?.mentions, ['ann@example.com']);
  });

  test('the style of a container tells the level too', async (t) => {
    const { sandbox } = await start(t);
    await call(sandbox, SEND, card([{ type: 'Container', style: 'warning', items: [block('x')] }]));
    assert.equal(sandbox.messages()[0]?.level, 'warning');
  });

  const bad: Record<string, [body: unknown, code: string]> = {
    'no JSON': ['{"type"', 'InvalidRequestContent'],
    'a bare card': [{ type: 'AdaptiveCard', version: '1.4', body: [block('x')] }, 'TriggerInputSchemaMismatch'],
    'a MessageCard': [{ '@type': 'MessageCard', text: 'x' }, 'TriggerInputSchemaMismatch'],
    'no attachment': [{ type: 'message', attachments: [] }, 'TriggerInputSchemaMismatch'],
    'another kind of attachment': [
      { type: 'message', attachments: [{ contentType: 'text/plain', content: {} }] },
      'TriggerInputSchemaMismatch',
    ],
  };
  for (const [name, [body, expected]] of Object.entries(bad)) {
    test(`${name}: 400 ${expected}`, async (t) => {
      const { sandbox } = await start(t);
      const reply = await call(sandbox, SEND, body);
      assert.deepEqual([reply.status, code(reply)], [400, expected]);
      assert.equal(sandbox.messages().length, 0);
    });
  }

  const lost: Record<string, unknown> = {
    'a card without a body': card([]),
    'a card of an unknown version': card([block('x')], { version: '2.0' }),
    'an unknown element': card([{ type: 'Table' }]),
    'a colour by number': card([block('x', { color: '#ff0000' })]),
    'an empty text': card([block('')]),
    'a fact whose value is a number': card([{ type: 'FactSet', facts: [{ title: 'k', value: 1 }] }]),
    'a submit button': card([block('x')], { actions: [{ type: 'Action.Submit', title: 'OK' }] }),
    'a button without address': card([block('x')], {
      actions: [{ type: 'Action.OpenUrl', title: 'Open', url: 'javascript:alert(1)' }],
    }),
    'an <at> without entity': card([block('<at>Ann</at> look')]),
    'an entity without <at>': card([block('Ann look')], mentioning(ann)),
    'an entity that differs in a byte': card([block('<at>ann</at> look')], mentioning(ann)),
    // 25,000 bytes of text, each quotation mark escaped twice.
    'a message over 28 KB': card([block('"'.repeat(10_000))]),
  };
  for (const [name, body] of Object.entries(lost)) {
    test(`${name}: 202, but the run fails and nobody sees it`, async (t) => {
      const { sandbox } = await start(t);
      const reply = await call(sandbox, SEND, body);
      assert.deepEqual([reply.status, reply.text], [202, '']);
      assert.equal(sandbox.messages().length, 0);
      assert.match(sandbox.refusals()[0]?.reason ?? '', /流程运行失败/);
    });
  }

  test('a message just below 28 KB passes', async (t) => {
    const { sandbox } = await start(t);
    await call(sandbox, SEND, card([block('x'.repeat(28_000))]));
    assert.equal(sandbox.messages().length, 1);
  });
});

describe('teams transport', () => {
  test('the three shapes of address', async (t) => {
    const { sandbox } = await start(t);
    const direct = '/powerautomate/automations/direct';
    const newer = QUERY.replace('2016-06-01', '1');
    for (const path of [SEND, `${direct}/workflows/f1${TAIL}${newer}`, `${direct}/cu/16/workflows/f1${TAIL}${newer}`]) {
      assert.equal((await call(sandbox, path, card([block('x')]))).status, 202);
    }
    assert.equal(sandbox.messages({ token: 'f1' }).length, 3);
  });

  test('the signature stands in the query, byte for byte', async (t) => {
    const { sandbox } = await start(t, { bots: [{ platform: 'teams', token: 'f2', secret: 'right' }] });
    const answer = async (path: string, options = {}) => {
      const reply = await call(sandbox, path, card([block('x')]), options);
      return reply.status === 202 ? '202' : `${reply.status} ${code(reply)}`;
    };
    const at = (query: string, flow = 'f1') => `/workflows/${flow}${TAIL}${query}`;
    assert.equal(await answer(at('')), '401 DirectApiAuthorizationRequired');
    assert.equal(await answer(at(QUERY.replace('&sig=abc-DEF_1', ''))), '401 DirectApiAuthorizationRequired');
    assert.equal(await answer(at(`${QUERY}&sig=abc`)), '401 DirectApiAuthorizationRequired');
    assert.equal(await answer(at(QUERY.replaceAll('%2F', '/'))), '403 AuthorizationFailed');
    assert.equal(await answer(at(QUERY.replaceAll('%2F', '%252F'))), '403 AuthorizationFailed');
    assert.equal(await answer(at(QUERY.replace('sv=1.0', 'sv=1'))), '403 AuthorizationFailed');
    assert.equal(await answer(at(QUERY, 'f2')), '403 AuthorizationFailed');
    assert.equal(await answer(at(QUERY.replace('abc-DEF_1', 'right'), 'f2')), '202');
    assert.equal(await answer(SEND, { headers: { 'content-type': 'text/plain' } }), '400 InvalidRequestContent');
    const get = await call(sandbox, SEND, undefined, { method: 'GET' });
    assert.equal(get.status, 405);
  });

  test('three a second, 60 a minute', async (t) => {
    const { sandbox, clock } = await start(t);
    const send = async () => await call(sandbox, SEND, card([block('x')]));
    for (let i = 0; i < 3; i += 1) assert.equal((await send()).status, 202);
    const reply = await send();
    assert.deepEqual([reply.status, code(reply), reply.headers.get('retry-after')], [429, 'RequestsThrottled', '1']);
    for (let i = 0; i < 19; i += 1) {
      clock.advance(1000);
      for (let k = 0; k < 3; k += 1) assert.equal((await send()).status, 202);
    }
    clock.advance(1000);
    assert.equal((await send()).headers.get('retry-after'), '40');
  });

  test('injected codes by name or status', async (t) => {
    const { sandbox } = await start(t);
    const codes: Record<string, [status: number, code: string]> = {
      WorkflowNotFound: [404, 'WorkflowNotFound'],
      401: [401, 'DirectApiAuthorizationRequired'],
      413: [413, 'RequestEntityTooLarge'],
      429: [429, 'RequestsThrottled'],
      502: [502, 'BadGateway'],
    };
    for (const [fault, [status, name]] of Object.entries(codes)) {
      sandbox.fault({ platform: 'teams', fault: `code:${fault}` });
      const reply = await call(sandbox, SEND, card([block('x')]));
      assert.deepEqual([reply.status, code(reply)], [status, name]);
      assert.equal(reply.headers.get('retry-after'), status === 429 ? '30' : null);
    }
    assert.throws(() => sandbox.fault({ platform: 'teams', fault: 'code:19021' }));
  });
});
