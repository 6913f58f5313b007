import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { dump, load } from 'js-yaml';
import { createTestApp } from '../kit/app.ts';

type Targets = { readonly targets: readonly Readonly<Record<string, unknown>>[] };

/** The YAML that a README shows, in order. */
const blocksOf = (page: string): string[] => {
  const text = readFileSync(new URL(`../../${page}`, import.meta.url), 'utf8');
  return [...text.matchAll(/^```yaml\n(?<yaml>.*?)^```$/gms)].map(({ groups }) => groups!['yaml']!);
};

const HOSTILE = 'said "no" \\ {{ x }}\n\t第二行 🔥';

for (const page of ['README.md', 'README.zh-CN.md'])
  describe(page, () => {
    const blocks = blocksOf(page);

    test('the webhook with a template delivers what it says', async () => {
      const { webhook } = load(blocks.find((block) => block.startsWith('webhook:'))!) as { webhook: Targets };
      const [target] = webhook.targets;
      const url = String(target!['url']).replace('https://example.com/hook/{{ level }}', '$S/webhook/{{ level }}');
      const platforms = { webhook: { targets: [{ ...target, url }] } };
      const t = await createTestApp(
        dump({ security: { allow_networks: ['127.0.0.1'] }, recipients: { ops: { platforms } } }),
        {
          env: { HOOK_TOKEN: 'a-token-of-the-hook' },
        },
      );
      const fields = [
        { name: '主机', value: HOSTILE },
        { name: 'b', value: '2' },
      ];
      const task = await t.deliver('ops', { title: HOSTILE, msg: HOSTILE, type: 'error', content: { fields } });
      assert.equal(task.outcome, 'success', JSON.stringify(task.results));
      const [message] = t.sandbox.messages();
      assert.equal(message!.token, 'error', 'the path');
      const sent = message!.raw as { subject: string; text: string; facts: { k: string; v: string }[] };
      assert.equal(sent.text.replaceAll(/\s+/g, ' '), `[error] ${HOSTILE}`.replaceAll(/\s+/g, ' '));
      assert.equal(sent.facts[0]!.v, HOSTILE);
      assert.deepEqual(
        sent.facts.map(({ k }) => k),
        ['主机', 'b'],
      );
      await t.stop();
    });

    test('the networks are what the configuration knows', async () => {
      const networks = load(blocks.find((block) => block.startsWith('security:'))!) as object;
      const routes = load(blocks.find((block) => block.startsWith('http:'))!.replace(/^.*ca_file.*\n/m, '')) as object;
      const t = await createTestApp(dump({ ...networks, ...routes }), {
        env: { PROXY_PASSWORD: 'a-password', GOTIFY_TOKEN: 'a-token' },
      });
      const { body } = await t.api('POST', '/api/v1/push/preview', {
        recipient_alias: 'ops',
        content: { title: 't', msg: 'm' },
      });
      assert.equal(body.data.targets[0].platform, 'gotify');
      await t.stop();
    });
  });
