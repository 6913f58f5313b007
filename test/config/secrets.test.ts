import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { secretsOf } from '../../src/config/secrets.ts';
import { parse, withPlatforms } from './kit.ts';

describe('secretsOf', () => {
  test('holds every secret value of the configuration, and nothing else', () => {
    const config = parse(
      [
        'auth: {tokens: [{name: caller, token: token-number-one, scopes: [push]}]}',
        'email: {smtp_host: mail.example.com, from: a@b.cd, username: postmaster, password: "p@ss w/rd"}',
        'system: {notifications: [{type: http, url: "http://localhost:9/hooks/abcdefghij"}]}',
        withPlatforms(
          'feishu: {webhooks: [{url: "https://open.example.com/open-apis/bot/v2/hook/0000-1111", secret: feishu-secret, name: my-bot}]}\n' +
            'app: {targets: [{app_id: public-id, app_secret: app-secret}]}\n' +
            'email: {recipients: [{email: reader@example.com}]}\n' +
            'system: {notifications: [{type: http, url: "http://u:longpassword@localhost/%E8%BF%90%E7%BB%B4?key=12345678&k=1"}]}',
        ),
      ].join('\n'),
    );
    assert.deepEqual(
      [...secretsOf(config)].toSorted(),
      [
        '/%E8%BF%90%E7%BB%B4?key=12345678&k=1',
        '/hooks/abcdefghij',
        '/open-apis/bot/v2/hook/0000-1111',
        '%E8%BF%90%E7%BB%B4',
        '0000-1111',
        '12345678',
        'abcdefghij',
        'app-secret',
        'dTpsb25ncGFzc3dvcmQ=',
        'feishu-secret',
        'http://localhost:9/hooks/abcdefghij',
        'http://u:longpassword@localhost/%E8%BF%90%E7%BB%B4?key=12345678&k=1',
        'https://open.example.com/open-apis/bot/v2/hook/0000-1111',
        'longpassword',
        'p%40ss%20w%2Frd',
        'p@ss w/rd',
        'token-number-one',
        '运维',
      ].toSorted(),
    );
  });

  test('is the same list each time, and leaves empty secrets out', () => {
    const config = parse(withPlatforms('wechat: {webhooks: [{url: "https://x/?k=%zz%zz%zz%zz", secret: ""}]}'));
    assert.equal(secretsOf(config), secretsOf(config));
    assert.deepEqual(secretsOf(config), ['https://x/?k=%zz%zz%zz%zz', '/?k=%zz%zz%zz%zz', '%zz%zz%zz%zz']);
  });
});
