import assert from 'node:assert/strict';
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { describe, test, type TestContext } from 'node:test';
import { start, until } from './start.ts';

const LIMIT = { timeout: 20_000 };

async function listen(t: TestContext, url: string): Promise<{ status: number; text: () => string; close: () => void }> {
  const request = get(`${url}/_sandbox/events`, { agent: false });
  t.after(() => request.destroy());
  request.on('error', () => {});
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  let text = '';
  response.on('error', () => {});
  response.on('data', (chunk: Buffer) => (text += chunk.toString()));
  return { status: response.statusCode ?? 0, text: () => text, close: () => request.destroy() };
}

describe('live events', () => {
  test('messages without their raw payload, refusals and clearing', LIMIT, async (t) => {
    const { post, sandbox } = await start(t);
    const client = await listen(t, sandbox.url);
    await post('/robot/send?access_token=b', { msgtype: 'text', text: { content: 'a\nb' } });
    await post('/robot/send?access_token=b', {});
    sandbox.clear();
    await until(() => client.text().includes('event: cleared'));
    const events = client.text().split('\n\n').slice(1, -1);
    assert.deepEqual(
      events.map((event) => event.split('\n')[0]),
      ['event: message', 'event: refusal', 'event: cleared'],
    );
    const message: unknown = JSON.parse(events[0]!.split('\ndata: ')[1]!);
    assert.equal((message as { text: string }).text, 'a\nb');
    assert.equal('raw' in (message as object), false);
  });

  test('twenty clients, no more, and a place is free when one goes', LIMIT, async (t) => {
    const { sandbox } = await start(t);
    const clients = [];
    for (let i = 0; i < 20; i += 1) clients.push(await listen(t, sandbox.url));
    assert.equal((await listen(t, sandbox.url)).status, 503);
    clients[0]!.close();
    for (;;) {
      const { status } = await listen(t, sandbox.url);
      if (status === 200) break;
    }
  });
});

describe('inside the process', () => {
  test('subscribe tells everything until it is ended', LIMIT, async (t) => {
    const { post, sandbox } = await start(t);
    const heard: string[] = [];
    const end = sandbox.subscribe(({ type }) => heard.push(type));
    await post('/robot/send?access_token=b', { msgtype: 'text', text: { content: 'x' } });
    await post('/robot/send?access_token=b', {});
    sandbox.clear();
    end();
    await post('/robot/send?access_token=b', {});
    assert.deepEqual(heard, ['message', 'refusal', 'cleared']);
  });
});
