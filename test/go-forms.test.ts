import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { goForm } from '../src/channel/template/go-forms.ts';

describe('forms of Go templates', () => {
  for (const [content, liquid] of [
    ['.Title', 'Title'],
    ['.title', 'title'],
    ['.标题', '标题'],
    ['jsonQuote .Body', 'Body | json'],
    ['jsonQuote   .body', 'body | json'],
  ] as const)
    test(`${content} is understood`, () => assert.deepEqual(goForm(content), { liquid }));

  for (const [content, instead] of [
    ['if .Title', '{% if Title %} … {% endif %}'],
    ['if eq .Level "error"', '{% if Level == "error" %} … {% endif %}'],
    ['if not .Url', '{% if not Url %} … {% endif %}'],
    ['if and .A (or .B .C)', '{% if A and VALUE %} … {% endif %}'],
    ['if contains .Title "x"', '{% if CONDITION %} … {% endif %}'],
    ['else', '{% else %}'],
    ['else if ne .Level "info"', '{% elsif Level != "info" %}'],
    ['end', '{% endif %} or {% endfor %}'],
    ['range .Fields', '{% for item in Fields %} … {% endfor %}'],
    ['range $i, $f := .Fields', '{% for item in Fields %} … {% endfor %}'],
    ['break', '{% break %}'],
    ['with .Url', '{% if Url %} … {% endif %}'],
    ['with $x := .Url', '{% if Url %} … {% endif %}'],
    ['template "footer" .', 'the text itself, written out here'],
    ['define "footer"', 'the text itself, written out here'],
    ['block "footer" .', 'the text itself, written out here'],
    ['/* a note */', '{% comment %} … {% endcomment %}'],
    ['$x := .Title', '{% assign x = Title %}'],
    ['$x', '{{ x }}'],
    ['$.Title', '{{ Title }}'],
    ['.', '{{ title }}, or the variable that is meant'],
    ['.Message.Title', '{{ Message.Title }}'],
    ['printf "%s: %s" .Title .Body', '{{ Title }} {{ Body }}'],
    ['print .Title', '{{ Title }}'],
    ['println "x"', 'the text itself'],
    ['len .Title', '{{ Title.size }}'],
    ['index .Fields 0', '{{ Fields[0] }}'],
    ['eq .Level "error"', '{% if Level == "error" %} … {% endif %}'],
    ['html .Title', '{{ Title | escape }}'],
    ['urlquery .Title', '{{ Title | url_encode }}'],
    ['jsonQuote "x"', '{{ "x" | json }}'],
    ['jsonQuote title', '{{ title | json }}'],
    ['.Title | html', '{{ Title | escape }}'],
    ['.Title | jsonQuote', '{{ Title | json }}'],
    ['.Title | printf "%q"', '{{ Title }}'],
  ] as const)
    test(`${content} is told in Liquid`, () => assert.deepEqual(goForm(content), { instead }));

  for (const content of [
    'title',
    'title | json',
    'fields[0].name',
    'fields["主机"]',
    '"{{.Title}}"',
    "'.Title'",
    'index | plus: 1',
    'slice | upcase',
    'end_of_day',
    'iffy',
    'title | append: ".Body"',
    '1.5',
    '',
  ])
    test(`${content} is Liquid`, () => assert.equal(goForm(content), undefined));

  test('a translation is never longer than what it stands for', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^(jsonQuote )?\.[A-Za-z_]\w{0,20}$/), (content) => {
        const form = goForm(content);
        assert.ok(form !== undefined && 'liquid' in form && form.liquid.length <= content.length);
      }),
    );
  });

  test('reads any content without going astray', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (content) => void goForm(content)));
  });
});
