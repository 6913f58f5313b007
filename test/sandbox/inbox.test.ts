import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { describe, test } from 'node:test';
import chromium from '@sparticuz/chromium';
import { chromium as browsers } from 'playwright-core';
import { start } from './start.ts';

describe('the inbox page', () => {
  test('is served with a strict policy, nothing inline, nothing from elsewhere', async (t) => {
    const { sandbox } = await start(t);
    for (const path of ['/', '/inbox']) {
      assert.equal((await fetch(sandbox.url + path, { method: 'HEAD' })).status, 200);
      const reply = await fetch(sandbox.url + path);
      const policy = reply.headers.get('content-security-policy') ?? '';
      assert.match(policy, /^default-src 'none'; script-src 'self'; style-src 'self';/);
      assert.doesNotMatch(policy, /unsafe|\*|http/);
      const page = await reply.text();
      assert.doesNotMatch(page, /<style|<script(?![^>]* src=)|\son\w+=|\sstyle=|https?:/);
      for (const [, file] of page.matchAll(/(?:src|href)="([^"]+)"/g)) {
        assert.equal((await fetch(sandbox.url + file)).status, 200, file);
      }
    }
  });

  test('its scripts never make markup of text', async () => {
    const folder = new URL('../../src/sandbox/', import.meta.url);
    for (const file of (await readdir(folder)).filter((name) => name.endsWith('.js'))) {
      const source = await readFile(new URL(file, folder), 'utf8');
      assert.doesNotMatch(source, /innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function/, file);
    }
  });

  test('in a browser: empty state, live messages, hostile text, narrow screen', { timeout: 120_000 }, async (t) => {
    const { post, sandbox } = await start(t, { bots: [{ platform: 'feishu', token: 'bot-1', name: '告警机器人' }] });
    const browser = await browsers.launch({ executablePath: await chromium.executablePath(), args: chromium.args });
    t.after(async () => await browser.close());
    const page = await browser.newPage({ viewport: { width: 390, height: 844 } });
    const complaints: string[] = [];
    page.on('console', (message) => complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('dialog', (dialog) => {
      complaints.push(dialog.message());
      void dialog.dismiss();
    });

    await page.goto(sandbox.url);
    await page.getByRole('heading', { name: '还没有消息' }).waitFor();
    await page.getByText(`${sandbox.url}/robot/send?access_token=demo`).first().waitFor();

    const hostile = '<img src=x onerror=alert(1)><script>alert(1)</script></div>';
    const elements = [{ tag: 'markdown', content: `[click](javascript:alert(1)) **b** ${hostile} ${'x'.repeat(500)}` }];
    const header = { title: { tag: 'plain_text', content: hostile }, template: 'red' };
    await post('/open-apis/bot/v2/hook/bot-1', { msg_type: 'interactive', card: { header, elements } });
    await post('/robot/send?access_token=b', { msgtype: 'text', text: { content: hostile } });
    await post('/cgi-bin/webhook/send?key=b', {
      msgtype: 'markdown',
      markdown: {
        content: '# 部署完成\n```\ncode\n```\n- a\n- b\n> q\n| a | b |\n|---|---|\n<font color="warning">w</font>',
      },
    });
    await post('/robot/send?access_token=b', {});

    await page.locator('.card[data-tone="red"], .card[data-tone="error"]').getByText('onerror').first().waitFor();
    await page.locator('#stream .refusal').getByText('已拒绝 40035').waitFor();
    assert.equal(await page.locator('article').count(), 3);
    assert.equal(await page.locator('#stream :is(img, script, [onerror], a[href^="javascript"])').count(), 0);
    assert.equal(await page.locator('#stream :is(pre code, li, blockquote, th, .font-warning)').count(), 7);
    assert.equal(await page.locator('.room b').getByText('告警机器人').count(), 1);

    const widths = await page.locator('html, article').evaluateAll((nodes) => nodes.map((node) => node.scrollWidth));
    for (const width of widths) assert.ok(width <= 390, String(width));

    await page.locator('article .raw').first().click();
    await page.locator('.source').getByText('"msgtype"').first().waitFor();
    await page.locator('.room').nth(1).click();
    await page.getByRole('button', { name: '清空' }).click();
    await page.getByRole('heading', { name: '还没有消息' }).waitFor();
    assert.equal(sandbox.messages().length, 0);
    assert.deepEqual(complaints, []);
  });
});
