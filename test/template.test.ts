import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { FailureError } from '../src/channel/channel.ts';
import type { TemplateMode } from '../src/channel/template/liquid.ts';
import { variablesOf } from '../src/channel/template/template-variables.ts';
import { renderTemplate, templateFault, templateText } from '../src/channel/template/template.ts';
import type { Message } from '../src/model.ts';

const NOW = new Date('2026-01-02T03:04:05.678Z');
const MESSAGE: Message = {
  title: '磁盘 "90%"',
  body: 'line 1\nC:\\temp\u2028😀',
  level: 'error',
  style: 'text',
  format: 'text',
  fields: [
    { name: '主机', value: 'web "1"' },
    { name: 'size', value: '2' },
  ],
  url: 'https://example.com/?a=1&b=2',
};

const render = (text: string, mode: TemplateMode = 'text', message: Partial<Message> = {}) =>
  renderTemplate(text, mode, variablesOf({ ...MESSAGE, ...message }, NOW, 'task-1'));

/** Good in a configuration, and what it makes of a message. */
function good(text: string, mode: TemplateMode = 'text', message: Partial<Message> = {}): string {
  assert.equal(templateFault(text, mode), undefined);
  return render(text, mode, message);
}

const json = (text: string, message: Partial<Message> = {}): unknown => JSON.parse(good(text, 'json', message));

/** The webhook templates that MsgFlow's documentation prints, each with what its receiver should read. */
const PRINTED: readonly (readonly [template: string, read: (title: string, body: string) => unknown])[] = [
  ['{"msgtype":"text","text":{"content":{{jsonQuote .Body}}}}', (_, b) => ({ msgtype: 'text', text: { content: b } })],
  [
    '{"msg_type":"text","content":{"text":{{jsonQuote .Body}}}}',
    (_, b) => ({ msg_type: 'text', content: { text: b } }),
  ],
  [
    '{"msgtype":"markdown","markdown":{"title":{{jsonQuote .Title}},"text":{{jsonQuote .Body}}}}',
    (t, b) => ({ msgtype: 'markdown', markdown: { title: t, text: b } }),
  ],
  [
    '{"msgtype":"text","text":{"content":"{{.Title}}\\n{{.Body}}"}}',
    (t, b) => ({ msgtype: 'text', text: { content: `${t}\n${b}` } }),
  ],
  [
    '{"msg_type":"text","content":{"text":"{{.Title}}\\n{{.Body}}"}}',
    (t, b) => ({ msg_type: 'text', content: { text: `${t}\n${b}` } }),
  ],
  [
    '{"msgtype":"markdown","markdown":{"title":"{{.Title}}","text":"### {{.Title}}\\n{{.Body}}"}}',
    (t, b) => ({ msgtype: 'markdown', markdown: { title: t, text: `### ${t}\n${b}` } }),
  ],
  ['{"text":"{{.Title}}\\n{{.Body}}"}', (t, b) => ({ text: `${t}\n${b}` })],
];

describe('printed webhook templates', () => {
  for (const [template, read] of PRINTED)
    test(`${template} works as printed`, () => {
      const { title, body } = MESSAGE;
      assert.deepEqual(json(template), read(title, body));
    });

  for (const hostile of [
    '"',
    '\\',
    '\\"',
    'a\nb\r\n\tc',
    '\0\u0001\u001f\u007f',
    '\u2028\u2029',
    '😀👩‍👩‍👧‍👦',
    '{{ title }}{% raw %}',
    '</script>',
    '\ud800',
    '',
  ])
    test(`${JSON.stringify(hostile)} arrives as it was sent`, () => {
      for (const [template, read] of PRINTED) {
        const made = JSON.parse(render(template, 'json', { title: hostile, body: hostile })) as unknown;
        assert.deepEqual(made, read(hostile, hostile));
      }
    });

  test('any title and body arrive as they were sent', () => {
    const text = fc.string({ unit: 'binary', maxLength: 60 });
    fc.assert(
      fc.property(fc.constantFrom(...PRINTED), text, text, ([template, read], title, body) => {
        assert.deepEqual(JSON.parse(render(template, 'json', { title, body })), read(title, body));
      }),
      { numRuns: 500 },
    );
  });
});

describe('variables', () => {
  test('every name of a message, and its synonyms', () => {
    const all = '{{title}}|{{body}}|{{level}}|{{url}}|{{task_id}}|{{timestamp}}';
    const made = `${MESSAGE.title}|${MESSAGE.body}|error|${MESSAGE.url}|task-1|2026-01-02T03:04:05.678Z`;
    assert.equal(good(all), made);
    assert.equal(good('{{.Title}}|{{.Body}}|{{.Level}}|{{.Url}}|{{.TaskId}}|{{.Timestamp}}'), made);
    assert.equal(good('{{.title}}|{{ .content }}|{{ type }}|{{URL}}|{{TaskID}}|{{ Timestamp }}'), made);
    for (const name of ['content', 'Content', 'message', 'Message', 'msg', 'Msg'])
      assert.equal(good(`{{ ${name} }}`), MESSAGE.body);
  });

  test('fields as a list', () => {
    assert.equal(good('{% for f in fields %}{{ f.name }}={{ f.value }};{% endfor %}'), '主机=web "1";size=2;');
    assert.equal(good('{{ fields[1].value }} {{ fields.first.name }} {{ fields.size }}'), '2 主机 2');
    assert.equal(good('{{ fields | map: "value" | join: "," }}'), 'web "1",2');
    assert.equal(good('{{ fields }}'), JSON.stringify(MESSAGE.fields));
  });

  test('fields by name', () => {
    assert.equal(good('{{ fields["主机"] }} {{ fields.主机 }} {{ fields["none"] }}'), 'web "1" web "1" ');
    const fields = ['0', '7', 'size', 'length', 'first', '__proto__', 'constructor', '__proto__'].map((name, i) => ({
      name,
      value: `v${i}`,
    }));
    assert.equal(
      good('{{ fields.size }} {{ fields[0].value }} {{ fields["__proto__"] }}', 'text', { fields }),
      '8 v0 ',
    );
    assert.equal(good('{{ fields["constructor"] }}{{ fields[7].value }}', 'text', { fields }), 'v7');
    assert.equal(good('{{ fields["constructor"] }}{{ fields["toString"] }}'), '');
  });

  test('what is empty is false', () => {
    const { url: _, ...bare } = MESSAGE;
    const text = '{% if url %}link{% else %}none{% endif %}';
    assert.equal(good(text), 'link');
    assert.equal(renderTemplate(text, 'text', variablesOf(bare, NOW, 'task-1')), 'none');
    assert.equal(renderTemplate('{"url":{{ url }}}', 'json', variablesOf(bare, NOW, 'task-1')), '{"url":""}');
  });

  test('a time can be written otherwise', () => {
    assert.equal(good('{{ timestamp | date: "%Y-%m-%d %H:%M", "Asia/Shanghai" }}'), '2026-01-02 11:04');
  });
});

describe('JSON', () => {
  for (const [template, value] of [
    ['{{ title }}', MESSAGE.title],
    ['{{ title | json }}', MESSAGE.title],
    ['"{{ title }}"', MESSAGE.title],
    ['"{{ title | json }}"', MESSAGE.title],
    ['"{{- title | json -}}"', MESSAGE.title],
    ['"a {{ title | json }}"', `a ${JSON.stringify(MESSAGE.title)}`],
    ['"\\"{{ title }}\\""', `"${MESSAGE.title}"`],
    ['"\\\\{{ title }}"', `\\${MESSAGE.title}`],
    ['{"{{ title }}":1}', { [MESSAGE.title]: 1 }],
    ['{{ fields }}', MESSAGE.fields],
    ['"{{ fields | json }}"', JSON.stringify(MESSAGE.fields)],
    ['{"text":"{\\"text\\":{{ title | json }}}"}', { text: JSON.stringify({ text: MESSAGE.title }) }],
    ['{"n":{{ fields.size }},"b":{{ level == "error" }},"x":{{ fields["none"] }}}', { n: 2, b: true, x: null }],
    ['{{ title | upcase }}', MESSAGE.title.toUpperCase()],
    ['"{% echo title %}"', MESSAGE.title],
    ['{% raw %}"{{ title }}{% endraw %}{{ title }}"', `{{ title }}${MESSAGE.title}`],
    ['"{% if url %}{{ url }}{% else %}none{% endif %}"', MESSAGE.url],
    ['{"a":{% if url %}"{{ url }}{% else %}"none{% endif %}"}', { a: MESSAGE.url }],
    ['{% case level %}{% when "error" %}"e {{ title }}"{% else %}0{% endcase %}', `e ${MESSAGE.title}`],
    [
      '[{% for f in fields %}{% unless forloop.first %},{% endunless %}{"{{ f.name }}":{{ f.value }}}{% endfor %}]',
      [{ 主机: 'web "1"' }, { size: '2' }],
    ],
    ['"{% for f in fields %}{{ f.name }}{% break %}{% endfor %}"', '主机'],
    ['{% assign t = title | append: body %}{"t":{{ t }}}', { t: MESSAGE.title + MESSAGE.body }],
    [
      '{% capture p %}{"t":{{ title | json }}}{% endcapture %}{"content":{{ p }},"again":"{{ p }}"}',
      { content: JSON.stringify({ t: MESSAGE.title }), again: JSON.stringify({ t: MESSAGE.title }) },
    ],
    ['{% comment %}"{{if .X}}{% endcomment %}{{ title }}', MESSAGE.title],
    ['{% # a " note %}{{ title }}', MESSAGE.title],
  ] as const)
    test(`${template} is JSON`, () => assert.deepEqual(json(template), value));

  test('a field may bear the name of a method', () => {
    for (const name of ['valueOf', 'toString', 'map', '__proto__', 'toJSON', 'toLiquid']) {
      const fields = [{ name, value: 'v' }];
      const found = json('{"f":{{ fields | json }},"n":"{% for f in fields %}{{ f.name }}{% endfor %}"}', { fields });
      assert.deepEqual(found, { f: fields, n: name });
    }
  });

  test('any text in any place stays what it is', () => {
    const template =
      '{"a":{{ title }},"b":"{{ title }}","c":"x{{ title }}y{{ body }}","d":{{ fields | json }},"{{ body | append: "!" }}":[{% for f in fields %}"{{ f.name }}",{{ f.value }},{% endfor %}0]}';
    assert.equal(templateFault(template, 'json'), undefined);
    const text = fc.string({ unit: 'binary', maxLength: 40 });
    const list = fc.array(fc.record({ name: text, value: text }, { noNullPrototype: true }), { maxLength: 4 });
    fc.assert(
      fc.property(text, text, list, (title, body, fields) => {
        assert.deepEqual(JSON.parse(render(template, 'json', { title, body, fields })), {
          a: title,
          b: title,
          c: `x${title}y${body}`,
          d: fields,
          [`${body}!`]: [...fields.flatMap(({ name, value }) => [name, value]), 0],
        });
      }),
    );
  });
});

describe('other modes', () => {
  test('text is written as it is', () =>
    assert.equal(good('{{ title }}\n{{ body }}'), `${MESSAGE.title}\n${MESSAGE.body}`));

  test('a URL is percent-encoded, once', () => {
    const title = 'a/b?c=d&e +ü"\ud800';
    const encoded = encodeURIComponent(title.toWellFormed());
    for (const output of ['{{ title }}', '{{.Title}}', '{{ title | url_encode }}'])
      assert.equal(
        good(`https://example.com/x/${output}?t=${output}#${output}`, 'url', { title }),
        `https://example.com/x/${encoded}?t=${encoded}#${encoded}`,
      );
    assert.equal(good('http://127.0.0.1:8080/hook?key=1', 'url'), 'http://127.0.0.1:8080/hook?key=1');
    assert.equal(good('https://example.com', 'url'), 'https://example.com');
  });

  for (const text of [
    'https://{{ title }}/',
    'https://example.com{{ title }}/',
    'https://a@{{ title }}/',
    'https://a\\{{ title }}/',
    '{{ url }}',
    'ftp://example.com/{{ title }}',
    '/{{ title }}',
    'https://exa mple.com/',
    'https://example.com:99999/{{ title }}',
    'https://example.com/../{{ title }}',
  ])
    test(`${text} is refused as a URL`, () => assert.notEqual(templateFault(text, 'url'), undefined));

  test('a message cannot lead a URL to another path', () => {
    const text = 'https://example.com/topics/{{ title }}/send?t={{ title }}';
    for (const title of ['.', '..']) assert.throws(() => good(text, 'url', { title }), isFailure(/其他路径/));
    assert.throws(() => good('https://example.com/{{ title }}', 'url', { title: '..' }), isFailure(/其他路径/));
    assert.equal(good('https://example.com/t?t={{ title }}', 'url', { title: '..' }), 'https://example.com/t?t=..');
    assert.equal(good('https://example.com/{{ title }}', 'url', { title: '...' }), 'https://example.com/...');
  });

  test('a form is read back as it was', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }), (title, body) => {
        const made = new URLSearchParams(render('t={{ title }}&b={{ body | url_encode }}', 'form', { title, body }));
        assert.deepEqual(
          [...made],
          [
            ['t', title],
            ['b', body],
          ],
        );
      }),
    );
    assert.equal(good('t={{ title }}', 'form', { title: 'a b' }), 't=a+b');
  });
});

describe('faults of a configuration', () => {
  for (const [text, mode, fault] of [
    ['{{ titel }}', 'text', 'unknown variable "titel"; did you mean "title"? (line 1, column 4)'],
    ['a\n {{ .Boddy }}', 'text', /^template: unknown variable "Boddy"; did you mean "body"\? \(line 2, column 5\)$/],
    ['{{ fileds[0].name }}', 'text', /did you mean "fields"/],
    ['{% if titel %}{% endif %}', 'text', /unknown variable "titel"/],
    ['{{ title | append: titel }}', 'text', /unknown variable "titel"/],
    ['{% assign a = b %}', 'text', /unknown variable "b"/],
    ['{{ constructor }}', 'text', /unknown variable "constructor"; known here: title, body/],
    ['{{ title.first_word }}', 'text', /title is text and has no part "first_word"/],
    ['{% for f in fields %}{{ f.nmae }}{% endfor %}', 'text', /a field has no part "nmae"; did you mean "name"/],
    ['{{ fields[0].vlaue }}', 'text', /a field has no part "vlaue"; did you mean "value"/],
    ['{{ title | jsn }}', 'text', 'unknown filter "jsn"; did you mean "json"? (line 1, column 1)'],
    ['{{ title | jsonQuote }}', 'text', /the filter "jsonQuote" is "json" in Liquid/],
    ['{{ title | raw }}', 'json', /the filter "raw" is not available/],
    ['{{ title body }}', 'text', /two values side by side/],
    ['{{ title', 'text', 'an output is not closed: }} is missing (line 1, column 1)'],
    ['{% if title %}', 'text', /a tag is not closed/],
    ['{% raw %}x', 'text', /raw.*endraw/],
    ['{% endif %}', 'text', /{% endif %} ends nothing/],
    ['{% if title', 'text', /a tag is not closed/],
    ['{{ title | append "x" }}', 'text', /expected ":" after filter name/],
    ['{% for x on fields %}{% endfor %}', 'text', /cannot be read as Liquid/],
    ['{{if .Url}}a{{end}}', 'text', '{{if .Url}} is Go; in Liquid write {% if Url %} … {% endif %} (line 1, column 1)'],
    ['a\n{{- range .Fields -}}{{.}}{{end}}', 'text', /{% for item in Fields %} … {% endfor %} \(line 2, column 1\)$/],
    ['{{.Title | html}}', 'json', /{{\.Title \| html}} is Go; in Liquid write {{ Title \| escape }}/],
    ['{{ printf "%s" .Title }}', 'json', /is Go/],
    ['{"a":"{% if url %}x"{% endif %}}', 'json', /a JSON string is begun or ended on one way through/],
    ['["{% for f in fields %}{{ f.name }}","{% endfor %}"]', 'json', undefined],
    ['["{% for f in fields %}{{ f.name }}"{% endfor %}]', 'json', /a JSON string is begun or ended/],
    ['["{% for f in fields %}a"{% break %}"{% endfor %}"]', 'json', /a JSON string is begun or ended/],
    ['{"a":"\\{{ title }}"}', 'json', /right after a backslash.*column 8/],
    ['{"a":{{ title }}{{ body }}}', 'json', /does not make valid JSON/],
    ['{"a":"x\ny"}', 'json', /does not make valid JSON.*Bad control character/],
    ['{"a":"\\u12{{ title }}"}', 'json', /does not make valid JSON/],
    ['[{% for f in fields %}{{ f.name }},{% endfor %}]', 'json', /does not make valid JSON/],
    ['{% if level == "error" %}{}{% endif %}', 'json', /does not make valid JSON/],
    ['Hello {{ title }}', 'json', /does not make valid JSON.*Unexpected token 'H'/],
    ['', 'json', /does not make valid JSON/],
    ['{% for i in (1..99999999) %}{% endfor %}', 'text', /too much time or memory/],
    ['x'.repeat(65_537), 'text', /longer than 65,536 characters/],
  ] as const)
    test(`${mode} ${text.slice(0, 60)}`, () => {
      const found = templateFault(text, mode);
      if (fault === undefined) assert.equal(found, undefined);
      else if (typeof fault === 'string') assert.equal(found, `template: ${fault}`);
      else assert.match(found ?? '', fault);
    });

  test('no tag reads a file or leaves the rules', () => {
    for (const tag of [
      'include "x"',
      'render "x"',
      'layout "x"',
      'block x',
      'liquid echo title',
      'tablerow f in fields',
    ])
      assert.match(templateFault(`{% ${tag} %}`, 'text') ?? '', /^template: the tag "\w+" is not available here/);
    for (const tag of ['cycle "a", "b"', 'increment a', 'decrement a'])
      assert.match(templateFault(`{% ${tag} %}`, 'json') ?? '', /^template: the tag "\w+" is not available here/);
  });

  test('a fault never shows the text around it', () => {
    for (const text of [
      '{{ title?key=SECRET',
      '{% if SECRET',
      '{{ title | append: "x", "SECRET }}',
      '{"k":"SECRET",}',
      '"SECRET',
    ])
      assert.doesNotMatch(templateFault(text, 'json') ?? '', /SECRET/);
  });

  test('the schema keeps the text and says what is wrong', () => {
    const schema = templateText('json', 'Body').optional();
    assert.equal(schema.parse('{"t":"{{.Title}}"}'), '{"t":"{{.Title}}"}');
    const parsed = schema.safeParse('{"t":"{{ titel }}"}');
    assert.match(parsed.error?.issues[0]?.message ?? '', /did you mean "title"\? \(line 1, column 10\)/);
    assert.equal(templateText('text', 'Words').meta()?.description, 'Words');
  });

  test('any text is judged without an exception', () => {
    const pieces = fc.constantFrom(
      '{{',
      '}}',
      '{%',
      '%}',
      ' ',
      '"',
      '\\',
      '.Title',
      'title',
      '|',
      'json',
      'if',
      'endif',
      'raw',
      'endraw',
      'for f in fields',
      'endfor',
      '-',
      ':',
      '[',
      ']',
      '{',
      '}',
      'jsonQuote',
      '\n',
      "'",
    );
    fc.assert(
      fc.property(
        fc.array(pieces, { maxLength: 14 }),
        fc.constantFrom('json', 'text', 'url', 'form'),
        (parts, mode) => {
          const fault = templateFault(parts.join(''), mode);
          if (fault === undefined && mode === 'json') JSON.parse(render(parts.join(''), 'json'));
        },
      ),
      { numRuns: 2_000 },
    );
  });
});

describe('Go’s forms', () => {
  test('trim marks hold', () => assert.equal(good('a \n{{- .Title -}}\n b'), `a${MESSAGE.title}b`));

  test('quoted and raw text is left alone', () => {
    assert.equal(good('{% raw %}{{.Title}}{{if .X}}{% endraw %}'), '{{.Title}}{{if .X}}');
    assert.equal(good('{{ "{{.Title}}" }}'), '{{.Title}}');
    assert.equal(good('{{ \'{{if .X}}\' | append: "{{.Body}}" }}'), '{{if .X}}{{.Body}}');
    assert.equal(good('{% assign a = "{{.Title}}" %}{{ a }}'), '{{.Title}}');
    assert.equal(good('{% comment %}{{range .X}}{% endcomment %}a'), 'a');
  });

  test('places after a translated form are those of the text', () => {
    assert.match(templateFault('{{jsonQuote .Body}} {{ titel }}', 'text') ?? '', /column 24\)$/);
  });
});

describe('limits', () => {
  test('a message that a template cannot take is a failure in words', () => {
    const text = '{% for f in fields %}{% for g in fields %}{{ body }}{% endfor %}{% endfor %}';
    const fields = Array.from({ length: 50 }, (_, i) => ({ name: `${i}`, value: '' }));
    assert.throws(
      () => good(text, 'text', { fields, body: 'x'.repeat(50_000) }),
      isFailure(/^消息模板无法渲染（模板第 1 行第 \d+ 列）$/),
    );
  });

  test('a filter that fails is a failure in words', () => {
    assert.throws(() => render('{{ title | base64_decode }}', 'text', { title: '!' }), isFailure(/无法渲染/));
  });

  test('the longest message passes', () => {
    const body = '"\n'.repeat(131_072);
    assert.deepEqual(JSON.parse(render('{"a":"{{ body | strip | upcase | append: "!" }}"}', 'json', { body })), {
      a: `${body.trim()}!`,
    });
  });

  test('more templates than are kept', () => {
    for (let i = 0; i < 1_100; i++) assert.equal(render(`${i} {{ level }}`), `${i} error`);
    assert.equal(render('0 {{ level }}'), '0 error');
  });

  test('rendering leaves the variables alone', () => {
    const variables = variablesOf(MESSAGE, NOW, 'task-1');
    const before = structuredClone(variables);
    const text =
      '{% assign title = "x" %}{% capture body %}y{% endcapture %}{{ title }}{{ body }}{{ fields | reverse | sort: "name" }}';
    const first = renderTemplate(text, 'text', variables);
    assert.equal(renderTemplate(text, 'text', variables), first);
    assert.deepEqual(structuredClone(variables), before);
  });
});

function isFailure(message: RegExp) {
  return (error: unknown) => {
    assert.ok(error instanceof FailureError);
    assert.match(error.failure.message, message);
    assert.equal(error.failure.kind, 'invalid');
    assert.ok(error.failure.remedy?.en && error.failure.remedy.zh);
    return true;
  };
}
