import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createLedger } from '../../src/sandbox/ledger.ts';
import { firstColour, levelOfColour, levelOfMarks } from '../../src/sandbox/level.ts';
import { loadStandIns } from '../../src/sandbox/load.ts';
import { createRoutes } from '../../src/sandbox/server/routes.ts';
import { createSandbox } from '../../src/sandbox/sandbox.ts';
import type { Draft, Route, StandIn } from '../../src/sandbox/stand-in.ts';
import { start } from './start.ts';

const draft = (text: string, raw: unknown = {}): Draft => ({
  kind: 'text',
  style: 'text',
  title: '',
  text,
  format: 'text',
  raw,
});

describe('ledger', () => {
  test('keeps the newest by number', () => {
    const ledger = createLedger(3);
    for (const text of ['a', 'b', 'c', 'd']) ledger.keep('p', 't', draft(text), 0);
    assert.deepEqual(
      ledger.messages().map((m) => m.text),
      ['d', 'c', 'b'],
    );
    assert.equal(ledger.message('1'), undefined);
    assert.equal(ledger.message('4')?.text, 'd');
  });

  test('keeps the newest by bytes, and always one', () => {
    const ledger = createLedger(1000);
    const raw = 'x'.repeat(30 * 1024 * 1024);
    for (const text of ['a', 'b', 'c']) ledger.keep('p', 't', draft(text, raw), 0);
    assert.deepEqual(
      ledger.messages().map((m) => m.text),
      ['c', 'b'],
    );
    ledger.keep('p', 't', draft('d', raw.repeat(3)), 0);
    assert.deepEqual(
      ledger.messages().map((m) => m.text),
      ['d'],
    );
  });

  test('refusals and visible text have an end, and counting goes on', () => {
    const ledger = createLedger(10);
    for (let i = 0; i < 501; i += 1) ledger.refuse('p', 't', String(i), '', 0);
    assert.equal(ledger.refusals().length, 500);
    assert.equal(ledger.refusals()[0]?.code, '500');
    ledger.keep('p', 't', draft('x'.repeat(100_001)), 0);
    assert.equal(ledger.messages()[0]?.text.length, 100_000);
    for (let i = 0; i < 10_001; i += 1) ledger.count('p', String(i));
    assert.equal(ledger.requests(), 10_001);
    assert.equal(ledger.requests({ platform: 'p' }), 10_000);
    assert.equal(ledger.requests({ token: '7' }), 1);
  });

  test('max_messages bounds a sandbox', async (t) => {
    const { post, sandbox } = await start(t, { max_messages: 2 });
    for (const content of ['a', 'b', 'c'])
      await post('/robot/send?access_token=b', { msgtype: 'text', text: { content } });
    assert.deepEqual(
      sandbox.messages().map((m) => m.text),
      ['c', 'b'],
    );
  });
});

describe('levels', () => {
  test('by sign and by colour', () => {
    assert.equal(levelOfMarks('🔴 down'), 'error');
    assert.equal(levelOfMarks('plain', '⚠️ disk'), 'warning');
    assert.equal(levelOfMarks('✅ ❌'), 'info');
    assert.equal(levelOfMarks('x'.repeat(50) + '❌'), undefined);
    assert.equal(firstColour('color:#333; background:#F00'), '#ff0000');
    assert.equal(firstColour('#fff #abcabcabc'), undefined);
    assert.deepEqual(['#d9363e', '#e07b00', '#2f6bff', undefined].map(levelOfColour), [
      'error',
      'warning',
      'info',
      undefined,
    ]);
  });
});

describe('stand-ins', () => {
  test('are found in their folder, complete', async () => {
    const standIns = await loadStandIns();
    const names = standIns.map(({ name }) => name);
    for (const name of ['dingtalk', 'email', 'feishu', 'system', 'wechat']) assert.ok(names.includes(name), name);
    for (const { label, colour, routes, serve } of standIns) {
      assert.notEqual(label, '');
      assert.match(colour, /^#[0-9a-f]{6}$/);
      assert.ok(routes !== undefined || serve !== undefined);
    }
  });

  test('the path with the most literal characters wins', () => {
    const route = (path: string): Route => ({
      path,
      token: () => '',
      receive: () => ({ ok: true, answer: { body: {} } }),
    });
    const standIn = (name: string, path: string): StandIn => ({
      name,
      label: name,
      colour: '#000000',
      routes: [route(path)],
      failure: () => undefined,
    });
    const find = createRoutes([
      standIn('open', '/:topic'),
      standIn('hook', '/robot/send'),
      standIn('bot', '/bot:token/go.x'),
    ]);
    assert.equal(find('/alerts')?.standIn.name, 'open');
    assert.deepEqual(find('/a%20b%')?.params, { topic: 'a%20b%' });
    assert.deepEqual(find('/a%20b')?.params, { topic: 'a b' });
    assert.equal(find('/robot/send')?.standIn.name, 'hook');
    assert.deepEqual(find('/bot12:ab/go.x')?.params, { token: '12:ab' });
    assert.equal(find('/bot12/goyx'), undefined);
  });
});

describe('starting', () => {
  test('a taken port is an error and leaves nothing open', async (t) => {
    const { sandbox } = await start(t);
    await assert.rejects(createSandbox({ port: sandbox.port }), { code: 'EADDRINUSE' });
    await assert.rejects(createSandbox({ smtp_port: sandbox.smtp_port }), { code: 'EADDRINUSE' });
  });

  test('without a clock it goes by the machine', async (t) => {
    const sandbox = await createSandbox();
    t.after(async () => await sandbox.close());
    sandbox.fault({ platform: 'dingtalk', fault: 'slow:1' });
    const reply = await fetch(`${sandbox.url}/robot/send?access_token=b`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"msgtype":"text","text":{"content":"x"}}',
    });
    assert.equal(((await reply.json()) as { errcode: number }).errcode, 0);
    assert.ok(sandbox.messages()[0]!.at > 1_700_000_000_000);
  });
});
