import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { alertKey, detailsOf } from '../src/channel/platform/alert.ts';
import type { Message } from '../src/model.ts';

const MESSAGE: Message = { title: 'Disk full', body: 'b', level: 'error', style: 'text', format: 'text' };

describe('the key of an alert', () => {
  const keyOf = (template?: string, max = 255, message: Partial<Message> = {}) =>
    alertKey(template, { ...MESSAGE, ...message }, new Date(0), 'task-1', max);

  test('is the task’s id, or what the template makes of the message', () => {
    assert.equal(keyOf(), 'task-1');
    assert.equal(keyOf('disk/{{ title | downcase }}'), 'disk/disk full');
    assert.equal(keyOf('{{ url }} '), 'task-1');
    assert.equal(keyOf('{{ task_id }}/x'), 'task-1/x');
  });

  test('keeps within its length, and two long ones that begin alike differ', () => {
    const long = (end: string) => keyOf('{{ body }}', 100, { body: `${'🔥'.repeat(100)}${end}` });
    assert.equal(long('a').length, 100);
    assert.equal(long('a'), long('a'));
    assert.notEqual(long('a'), long('b'));
    assert.ok(long('a').startsWith('🔥🔥') && long('a').isWellFormed());
    assert.equal(keyOf('{{ body }}', 100, { body: 'x'.repeat(100) }), 'x'.repeat(100));
  });
});

describe('fields as a record', () => {
  const fields = (...names: string[]) => names.map((name, i) => ({ name, value: String(i) }));

  test('lose none of their own, whatever they are called', () => {
    assert.deepEqual(detailsOf(undefined), {});
    assert.deepEqual(detailsOf(fields('a', 'b')), { a: '0', b: '1' });
    assert.deepEqual(detailsOf(fields('a', 'a', 'a (2)', 'a')), {
      a: '0',
      'a (2)': '1',
      'a (2) (2)': '2',
      'a (3)': '3',
    });
    assert.deepEqual(detailsOf(fields('message'), [['message', 'x']]), { message: 'x', 'message (2)': '0' });
    const odd = detailsOf(fields('__proto__', 'constructor', 'toString'));
    assert.deepEqual(Object.keys(odd), ['__proto__', 'constructor', 'toString']);
    assert.equal(JSON.stringify(odd), '{"__proto__":"0","constructor":"1","toString":"2"}');
  });
});
