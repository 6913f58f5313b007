import assert from 'node:assert/strict';
import { test } from 'node:test';
import teams from '../../src/channels/teams.ts';
import type { Message } from '../../src/model.ts';
import { acceptsEveryKind } from '../kit/hooked.ts';
import { NOW, attempt, createIo } from '../kit/channel-io.ts';
import { scriptedHttp } from '../kit/scripted-http.ts';

const FLOW =
  'https://prod-01.westeurope.logic.azure.com:443/workflows/abc/triggers/manual/paths/invoke?api-version=2016-06-01&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig=a-b_c';
const MESSAGE: Message = { title: 't', body: 'b', level: 'info', style: 'text', format: 'text' };

test('the stand-in takes every kind of message', async (t) => {
  const path = new URL(FLOW).pathname + new URL(FLOW).search;
  await acceptsEveryKind(t, teams, 'abc', (url) => ({ url: url + path }));
});

test('a retired connector is refused with the way to its successor', () => {
  for (const url of [
    'https://contoso.webhook.office.com/webhookb2/a@b/IncomingWebhook/c/d',
    'https://outlook.office.com/webhook/a',
    'https://outlook.office365.com/webhook/a',
  ]) {
    assert.match(teams.config.safeParse({ url }).error?.issues[0]?.message ?? '', /Workflows/);
  }
  assert.ok(teams.config.safeParse({ url: FLOW }).success);
});

test('the URL is used byte for byte', async () => {
  const platform = scriptedHttp({ status: 202 });
  const config = teams.config.parse({ url: FLOW });
  const outcome = await attempt(teams, teams.render(MESSAGE, config, NOW, 'task'), config, createIo(platform.http));
  assert.deepEqual(outcome, { ok: true });
  assert.equal(platform.requests[0]?.url, FLOW);
});

test('each mention has an entity whose text stands in the card, once', () => {
  const mentions = { all: false, mobiles: [], ids: ['ann@example.com', 'ann@example.com', '<at>x</at>@example.com'] };
  const json = JSON.stringify(teams.render({ ...MESSAGE, mentions }, teams.config.parse({ url: FLOW }), NOW, 'task'));
  assert.equal(json.split('"type":"mention"').length - 1, 1);
  assert.equal(json.split('<at>').length - 1, 2);
});
