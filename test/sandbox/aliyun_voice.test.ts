import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { createAliyunCaller, KEY } from './aliyun.ts';
import { start } from './start.ts';

const BOT = { platform: 'aliyun_voice', token: KEY.id, secret: KEY.secret };
const PARAMS = {
  CalledNumber: '13800138000',
  PlayTimes: '2',
  TtsCode: 'TTS_123456789',
  TtsParam: '{"title":"CPU"}',
};

async function open(t: TestContext, unlimited = false) {
  const started = await start(t, { bots: [{ ...BOT, unlimited }] });
  return { ...started, send: createAliyunCaller(started, '/aliyun_voice', 'SingleCallByTts') };
}

describe('aliyun_voice', () => {
  test('the documented call is accepted and readable', async (t) => {
    const { send, sandbox } = await open(t);
    const { status, json } = await send(PARAMS);
    assert.equal(status, 200);
    assert.deepEqual(Object.keys(json), ['Code', 'Message', 'CallId', 'RequestId']);
    const [message] = sandbox.messages();
    assert.equal(message?.kind, 'SingleCallByTts');
    assert.equal(message.text, '模板 TTS_123456789\ntitle：CPU');
    assert.deepEqual(message.fields, [{ name: 'title', value: 'CPU' }]);
    assert.deepEqual(message.to, ['13800138000']);
  });

  test('the gateway checks as for SMS', async (t) => {
    const { send } = await open(t);
    assert.equal((await send(PARAMS, { secret: 'other' })).json.Code, 'SignatureDoesNotMatch');
    assert.equal((await send(PARAMS, { headers: { 'x-acs-action': 'SendSms' } })).json.Code, 'InvalidAction.NotFound');
  });

  const bad: Record<string, [more: Record<string, string>, code: string]> = {
    'no number': [{ CalledNumber: '' }, 'MissingCalledNumber'],
    'no template': [{ TtsCode: '' }, 'MissingTtsCode'],
    'two numbers': [{ CalledNumber: '13800138000,13900139000' }, 'isv.MOBILE_NUMBER_ILLEGAL'],
    'template of SMS': [{ TtsCode: 'SMS_123456789' }, 'isv.TTS_TEMPLATE_ILLEGAL'],
    'show number that is none': [{ CalledShowNumber: 'PushServer' }, 'isv.DISPLAY_NUMBER_ILLEGAL'],
    'played four times': [{ PlayTimes: '4' }, 'isv.INVALID_PARAMETERS'],
    'volume of 101': [{ Volume: '101' }, 'isv.INVALID_PARAMETERS'],
    'speed below -500': [{ Speed: '-501' }, 'isv.INVALID_PARAMETERS'],
    'OutId of 16 bytes': [{ OutId: 'a'.repeat(16) }, 'isv.INVALID_PARAMETERS'],
    'parameters that are no JSON': [{ TtsParam: 'x' }, 'isv.INVALID_JSON_PARAM'],
    '250 characters in all': [
      { TtsParam: JSON.stringify({ a: '警'.repeat(200), b: '告'.repeat(50) }) },
      'isv.PARAM_LENGTH_LIMIT',
    ],
    URL: [{ TtsParam: '{"title":"http://x.example"}' }, 'isv.PARAM_NOT_SUPPORT_URL'],
    'number that complained': [{ CalledNumber: '13800000000' }, 'isv.COMPLAINT_REJECT'],
  };
  for (const [name, [more, code]] of Object.entries(bad)) {
    test(`${name}: ${code}`, async (t) => {
      const { send, sandbox } = await open(t);
      assert.equal((await send({ ...PARAMS, ...more })).json.Code, code);
      assert.equal(sandbox.messages().length, 0);
    });
  }

  test('249 characters pass', async (t) => {
    const { send } = await open(t);
    assert.equal((await send({ ...PARAMS, TtsParam: JSON.stringify({ a: '警'.repeat(249) }) })).json.Code, 'OK');
  });

  test('one call a minute, five an hour, twenty a day to each callee', async (t) => {
    const { send, clock } = await open(t);
    const limited = async (message: string): Promise<void> => {
      const { json } = await send(PARAMS);
      assert.deepEqual([json.Code, json.Message], ['isv.BUSINESS_LIMIT_CONTROL', message]);
    };
    for (let hour = 0; hour < 4; hour += 1) {
      for (let call = 0; call < 5; call += 1) {
        assert.equal((await send(PARAMS)).json.Code, 'OK');
        if (call === 0) await limited('触发分钟级流控Permits:1');
        clock.advance(60_000);
      }
      if (hour < 3) await limited('触发小时级流控Permits:5');
      clock.advance(3_300_000);
    }
    await limited('触发天级流控Permits:20');
    assert.equal((await send({ ...PARAMS, CalledNumber: '13900139000' })).json.Code, 'OK');
    clock.advance(86_400_000);
    assert.equal((await send(PARAMS)).json.Code, 'OK');
  });

  test('a declared key without limits, and numbers whose minute, hour or day is used up', async (t) => {
    const { send } = await open(t, true);
    for (let i = 0; i < 3; i += 1) assert.equal((await send(PARAMS)).json.Code, 'OK');
    const levels = { '13800000001': '分钟级', '13800000002': '小时级', '13800000003': '天级' };
    for (const [CalledNumber, level] of Object.entries(levels)) {
      const { json } = await send({ ...PARAMS, CalledNumber });
      assert.equal(json.Code, 'isv.BUSINESS_LIMIT_CONTROL');
      assert.match(json.Message, new RegExp(level));
    }
  });

  test('codes of its own can be injected, those of SMS cannot', async (t) => {
    const { send, sandbox } = await open(t);
    sandbox.fault({ platform: 'aliyun_voice', fault: 'code:isv.VOICE_CALL_PERIOD_ERROR' });
    assert.equal((await send(PARAMS)).json.Code, 'isv.VOICE_CALL_PERIOD_ERROR');
    assert.throws(() => sandbox.fault({ platform: 'aliyun_voice', fault: 'code:isv.SMS_TEMPLATE_ILLEGAL' }));
  });
});
