import assert from 'node:assert/strict';
import { test } from 'node:test';
import aliyunVoice from '../../src/channels/aliyun_voice.ts';
import type { Message } from '../../src/model.ts';
import { NOW, attempt, createIo } from '../kit/channel-io.ts';
import { HOSTILE_MESSAGES } from '../kit/hostile.ts';
import { KINDS, sandboxed } from '../kit/sandboxed.ts';
import { scriptedHttp } from '../kit/scripted-http.ts';

const TARGET = {
  access_key_id: 'testAccessKeyId',
  access_key_secret: 'testAccessKeySecret',
  template_code: 'TTS_123456789',
  params: { title: '{{ title }}' },
  phone: '13800138000',
};
const MESSAGE: Message = { title: 'CPU', body: 'b', level: 'info', style: 'text', format: 'text' };

const configOf = (change: object = {}) => aliyunVoice.config.parse({ ...TARGET, ...change });
const payloadOf = (change: object, message: Partial<Message> = {}) =>
  Object(aliyunVoice.render({ ...MESSAGE, ...message }, configOf(change), NOW, 'task-1'));

test('everything is in the query, the settings too', async () => {
  const config = configOf({ play_times: 2, volume: 0, speed: -500, called_show_number: '4001112222' });
  const platform = scriptedHttp({ status: 200, body: '{"Code":"OK"}' });
  await attempt(aliyunVoice, aliyunVoice.render(MESSAGE, config, NOW, 'task-1'), config, createIo(platform.http));
  const [{ method, url, headers, body }] = platform.requests as [(typeof platform.requests)[number]];
  assert.deepEqual([method, body, headers?.['x-acs-action']], ['POST', undefined, 'SingleCallByTts']);
  assert.equal(
    url,
    'https://dyvmsapi.aliyuncs.com/?CalledNumber=13800138000&CalledShowNumber=4001112222&PlayTimes=2&Speed=-500&' +
      'TtsCode=TTS_123456789&TtsParam=%7B%22title%22%3A%22CPU%22%7D&Volume=0',
  );
});

test('what is not set is left to the platform', () => {
  assert.deepEqual(payloadOf({ params: {} }), { CalledNumber: '13800138000', TtsCode: 'TTS_123456789' });
});

test('all variables together stay below 250 characters; the longest give way', () => {
  const params = { title: '{{ title }}', msg: '{{ body }}', level: '{{ level }}' };
  const { TtsParam } = payloadOf({ params }, { body: '字'.repeat(1000) });
  assert.deepEqual(TtsParam, { title: 'CPU', msg: `${'字'.repeat(241)}…`, level: 'info' });
  assert.equal(Object.values<string>(TtsParam).join('').length, 249);
});

test('a callee’s calls are counted whatever the template is, under every spelling of the number', () => {
  const account = (change: object) => aliyunVoice.account?.key(configOf(change));
  const lane = (change: object) => aliyunVoice.credential(configOf(change));
  assert.equal(account({ template_code: 'TTS_2', phone: '+8613800138000' }), account({}));
  assert.notEqual(account({ phone: '13800138001' }), account({}));
  assert.notEqual(lane({ template_code: 'TTS_2' }), lane({}));
  assert.equal(lane({ phone: 8613800138000 }), lane({}));
});

test('the stand-in takes every kind of message, signed', async (t) => {
  const bot = { token: TARGET.access_key_id, secret: TARGET.access_key_secret };
  const { sandbox, send } = await sandboxed(t, aliyunVoice, bot);
  const target = {
    ...TARGET,
    params: { title: '{{ title }}', msg: '{{ body }}' },
    play_times: 3,
    called_show_number: 4001112222,
  };
  for (const message of [...KINDS, ...HOSTILE_MESSAGES]) assert.deepEqual(await send(message, target), [{ ok: true }]);
  assert.deepEqual(sandbox.refusals(), []);
  const [wrong] = await send(MESSAGE, { ...target, access_key_secret: 'other' });
  assert.ok(wrong && !wrong.ok && wrong.kind === 'unauthorized' && wrong.code === 'SignatureDoesNotMatch');
});

test('the stand-in calls nobody twice within a minute', async (t) => {
  const { clock, send } = await sandboxed(t, aliyunVoice, { token: TARGET.access_key_id, unlimited: false });
  assert.deepEqual(await send(MESSAGE, TARGET), [{ ok: true }]);
  const [second] = await send(MESSAGE, { ...TARGET, template_code: 'TTS_2222' });
  assert.ok(second && !second.ok && second.kind === 'rate_limited' && second.retry_after === 60 && second.account);
  clock.advance(60_000);
  assert.deepEqual(await send(MESSAGE, TARGET), [{ ok: true }]);
  const [complained] = await send(MESSAGE, { ...TARGET, phone: '13800130000' });
  assert.ok(complained && !complained.ok && complained.code === 'isv.COMPLAINT_REJECT');
});
