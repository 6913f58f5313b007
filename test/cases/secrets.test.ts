import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { dump } from 'js-yaml';
import { loadChannels } from '../../src/channel/registry.ts';
import { createTestApp } from '../kit/app.ts';
import { type Fixture, loadFixture } from '../kit/fixture.ts';
import { type Seen, type Target, startTarget } from '../kit/targets.ts';

const channels = [...(await loadChannels()).values()].filter(({ wire }) => wire === undefined);

/** What the tokens hold that a platform gives: they are in no configuration. */
const RUNTIME = 'RUNTIME';
const MARKER = 'LEAKED';

/** Headers whose value is a credential, or made with one. */
const CREDENTIAL = /^(authorization|proxy-authorization|webhook-signature|x-gotify-key|.*(token|api-?key))$/;

/** How far the test has come with the pieces of a request. */
interface State {
  piece: number;
  pieces: number;
  readonly secrets: Set<string>;
}

/**
 * A platform that refuses everything, in the words of the request itself: one piece of it (the address, a header, the
 * body) at a time. It gives a token when it is asked for one.
 */
function echo(fixture: Fixture, { method, url, headers, body }: Seen, state: State): string {
  const token = fixture.token.find(({ match }) => url.includes(match));
  if (token !== undefined) return JSON.stringify(token.body).replaceAll(MARKER, RUNTIME);
  const named = Object.entries(headers).map(([name, value]) => [name, String(value)] as const);
  for (const [name, value] of named) if (CREDENTIAL.test(name)) state.secrets.add(value);
  const pieces = [`${method} ${url}`, body, ...named.map((header) => header.join(': '))];
  state.pieces = pieces.length;
  const words = pieces[state.piece];
  const texts = Object.fromEntries(TEXT_KEYS.map((key) => [key, words]));
  // A code may be text too, where a platform has words for codes.
  const verdict = { Code: words, code: 99999, errcode: 99999, errorCode: 99999, status: 99, ok: false, success: false };
  return JSON.stringify({ ...texts, ...verdict, Response: { Error: { Code: words, Message: words } } });
}

const TEXT_KEYS = ['errmsg', 'message', 'Message', 'msg', 'info', 'error', 'description', 'data', 'detail'];

describe('a platform that answers with the request itself', () => {
  for (const channel of channels) {
    const { name } = channel;
    test(`${name}: no secret, token, signature or receiver is in anything that is kept`, async (t) => {
      const fixture = await loadFixture(name);
      const state: State = { piece: 0, pieces: 1, secrets: new Set() };
      const platform: Target = await startTarget(t, {
        answer: (_request, response) => response.end(echo(fixture, platform.seen.at(-1)!, state)),
      });
      const target: Record<string, unknown> = { ...fixture.config, name: 'one', rate_limit: 'off' };
      if (channel.account !== undefined) target['account_rate_limit'] = 'off';
      const host = platform.url.replace('http://', '');
      if (typeof target['url'] === 'string' && !('base_url' in fixture.sandbox))
        target['url'] = target['url'].replace(
          /^https?:\/\/([^/@]*@)?[^/]*/,
          (_all, login = '') => `http://${login}${host}`,
        );
      else target['base_url'] = platform.url;
      const app = await createTestApp(
        dump({
          retry: { attempts: 1 },
          security: { allow_networks: ['127.0.0.0/8'] },
          recipients: { ops: { platforms: { [name]: { targets: [target] } } } },
        }),
      );
      const answers: unknown[] = [];
      for (; state.piece < state.pieces; state.piece++)
        answers.push(await app.deliver('ops', { style: 'card', expires_in: 60 }));
      answers.push((await app.api('GET', '/api/v1/platforms')).body, (await app.api('GET', '/api/v1/recipients')).body);
      const metrics = await (await fetch(`${app.url}/metrics`)).text();
      const kept = [JSON.stringify([answers, await app.notices()]), await app.logs(), app.printed(), metrics].join(
        '\n',
      );

      assert.ok(platform.seen.length >= state.pieces, 'it was asked');
      for (const secret of [MARKER, RUNTIME, ...state.secrets]) assert.ok(!kept.includes(secret), around(kept, secret));
      const people = channel.people?.(channel.config.parse(fixture.config)) ?? [];
      for (const person of people) assert.ok(!kept.includes(person), around(kept, person));
      await app.stop();
    });
  }
});

const around = (text: string, word: string): string => {
  const at = text.indexOf(word);
  return `${word} in …${text.slice(Math.max(0, at - 100), at + 60)}`;
};
