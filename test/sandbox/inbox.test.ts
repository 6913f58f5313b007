import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { describe, test, type TestContext } from 'node:test';
import chromium from '@sparticuz/chromium';
import { chromium as browsers } from 'playwright-core';
import { start } from './start.ts';

async function open(t: TestContext, width: number) {
  const browser = await browsers.launch({ executablePath: await chromium.executablePath(), args: chromium.args });
  t.after(async () => await browser.close());
  return await browser.newPage({ viewport: { width, height: 844 } });
}

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
    const folder = new URL('../../src/sandbox/inbox/', import.meta.url);
    const scripts = (await readdir(folder)).filter((name) => name.endsWith('.js'));
    assert.ok(scripts.includes('inbox.js'));
    for (const file of scripts) {
      const source = await readFile(new URL(file, folder), 'utf8');
      assert.doesNotMatch(source, /innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function/, file);
    }
  });

  test('in a browser: bots, receivers, fields, links, calls', { timeout: 120_000 }, async (t) => {
    const { post, sandbox } = await start(t);
    const page = await open(t, 1280);
    for (const token of ['1:a', '2:b']) {
      await post(`/telegram/bot${token}/sendMessage`, {
        chat_id: -1001,
        parse_mode: 'HTML',
        text: `<b>标题 ${token}</b>\n正文 @alice_b`,
        reply_markup: { inline_keyboard: [[{ text: '查看', url: 'https://ops.example/1' }]] },
      });
    }
    await post('/robot/send?access_token=b', {
      msgtype: 'markdown',
      markdown: { title: '磁盘将满', text: '### 🔴 磁盘将满\n已用 91%' },
      at: { atMobiles: ['13800138000'] },
    });
    const title_link = 'https://ops.example/2';
    const fields = [{ title: '主机', value: 'db-1\ndb-2' }];
    const body = JSON.stringify({ attachments: [{ title: '磁盘将满', title_link, text: 'x', fields }] });
    await fetch(`${sandbox.url}/hooks/demo`, { method: 'POST', body });
    await page.goto(sandbox.url);
    await page.locator('article').first().waitFor();
    assert.equal(await page.locator(`article .card-head a[href="${title_link}"]`).count(), 1);
    assert.equal(await page.locator('.fields .wide dt').textContent(), '主机');
    const ding = page.locator('article', { hasText: '13800138000' });
    assert.equal(await ding.locator('.card-head').textContent(), '🔴 磁盘将满');
    assert.equal(await ding.getByText('磁盘将满').count(), 1);
    assert.equal(await ding.locator('.line').textContent(), '提醒@13800138000');

    await page.locator('.room').getByText('Telegram').click();
    assert.deepEqual(await page.locator('.bot').allTextContents(), ['全部', '2:b', '1:a']);
    await page.locator('.bot').getByText('1:a').click();
    assert.deepEqual(await page.locator('article .label').allTextContents(), ['Telegram']);
    assert.equal(await page.locator('article .buttons a[href="https://ops.example/1"]').count(), 1);
    assert.equal(await page.locator('article .line').textContent(), '发给-1001');
  });

  test('in a browser: empty state, live messages, hostile text, narrow screen', { timeout: 120_000 }, async (t) => {
    const { post, sandbox } = await start(t, { bots: [{ platform: 'feishu', token: 'bot-1', name: '告警机器人' }] });
    const page = await open(t, 390);
    const complaints: string[] = [];
    page.on('console', (message) => complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('dialog', (dialog) => {
      complaints.push(dialog.message());
      void dialog.dismiss();
    });

    await page.goto(sandbox.url);
    await page.getByRole('heading', { name: '还没有消息' }).waitFor();
    await page.locator('#stream .step summary').getByText('钉钉', { exact: true }).click();
    await page.getByText(`${sandbox.url}/robot/send?access_token=demo`).first().waitFor();
    await page.locator('#stream .step summary').getByText('腾讯云短信').click();
    await page.getByText(`base_url: ${sandbox.url}/tencent_sms`).first().waitFor();

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
    assert.equal(await page.locator('.who b').getByText('告警机器人').count(), 1);
    assert.equal(await page.locator('.who .level').getByText('错误').count(), 1);

    const widths = await page.locator('html, article').evaluateAll((nodes) => nodes.map((node) => node.scrollWidth));
    for (const width of widths) assert.ok(width <= 390, String(width));

    await page.locator('article .raw').first().click();
    await page.locator('.source').getByText('"msgtype"').first().waitFor();
    // The list covers a narrow screen until a platform is chosen; platforms without a message are folded away.
    assert.equal(await page.locator('#side').isVisible(), false);
    await page.getByRole('button', { name: '平台' }).click();
    assert.equal(await page.locator('.rooms > .room').count(), 4);
    assert.equal(await page.locator('.room').getByText('Slack').isVisible(), false);
    await page.getByLabel('筛选平台').fill('SLA');
    assert.equal(await page.locator('.room').count(), 1);
    await page.locator('.room').getByText('Slack').click();
    assert.equal(await page.locator('#side').isVisible(), false);
    await page.getByText(`${sandbox.url}/services/`).first().waitFor();

    await page.getByRole('button', { name: '平台' }).click();
    await page.getByLabel('筛选平台').fill('告警机器人');
    await page.locator('.room').getByText('飞书').click();
    assert.equal(await page.locator('article').count(), 1);
    await page.getByRole('button', { name: '清空' }).click();
    await page.getByRole('heading', { name: '还没有消息' }).waitFor();
    assert.equal(sandbox.messages().length, 0);
    assert.deepEqual(complaints, []);
  });
});
