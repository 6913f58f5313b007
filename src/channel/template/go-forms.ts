/** An output written for Go: `liquid` says the same, or `instead` shows how Liquid does such a thing. */
export type GoForm = { readonly liquid: string } | { readonly instead: string };

/**
 * Reads what stands between `{{` and `}}` as Go's text/template (https://pkg.go.dev/text/template).
 * @param content without the braces, trim marks and blanks around it
 * @returns undefined when it is not Go. `liquid` is never longer than the content, so that places in the text stay.
 */
export function goForm(content: string): GoForm | undefined {
  const field = FIELD.exec(content);
  if (field !== null) return { liquid: field[1]! };
  const quoted = QUOTED.exec(content);
  if (quoted !== null) return { liquid: `${quoted[1]!} | json` };
  for (const [form, instead] of FORMS) {
    const match = form.exec(content);
    if (match !== null) return { instead: instead(match[1]?.trim() ?? '', match[2]?.trim() ?? '') };
  }
  return undefined;
}

const NAME = '[\\p{L}_][\\p{L}\\p{N}_]*';
const FIELD = new RegExp(`^\\.(${NAME})$`, 'u');
const QUOTED = new RegExp(`^jsonQuote\\s+\\.(${NAME})$`, 'u');

const branch = (condition: string) => `{% if ${condition} %} … {% endif %}`;
const output = (value: string) => `{{ ${value} }}`;

/**
 * Every other form, and the way to write it in Liquid. Words that Liquid could also use for a variable count as Go only
 * with a value after them, as Liquid never has two side by side.
 */
const FORMS: readonly (readonly [RegExp, (first: string, second: string) => string])[] = [
  [/^\/\*/, () => '{% comment %} … {% endcomment %}'],
  [/^if\s+(.*)$/s, (condition) => branch(conditionOf(condition))],
  [/^else\s+(?:if|with)\s+(.*)$/s, (condition) => `{% elsif ${conditionOf(condition)} %}`],
  [/^else$/, () => '{% else %}'],
  [/^end$/, () => '{% endif %} or {% endfor %}'],
  [/^(break|continue)$/, (word) => `{% ${word} %}`],
  [/^range\s+(?:.*:=\s*)?(.*)$/s, (list) => `{% for item in ${valueOf(list)} %} … {% endfor %}`],
  [/^with\s+(?:.*:=\s*)?(.*)$/s, (value) => branch(valueOf(value))],
  [/^(?:template|define|block)\s+\S/, () => 'the text itself, written out here'],
  [/^\$(\w+)\s*:?=\s*(.*)$/s, (name, value) => `{% assign ${name} = ${valueOf(value)} %}`],
  [/^printf?(?:ln)?\s+(.*)$/s, (args) => outputs(args)],
  [/^len\s+(\S.*)$/s, (value) => output(`${valueOf(value)}.size`)],
  [/^(?:index|slice)\s+([^\s|]+)\s+([^\s|]+)/, (list, key) => output(`${valueOf(list)}[${valueOf(key)}]`)],
  [/^((?:eq|ne|lt|le|gt|ge|and|or|not)\s+[^\s|].*)$/s, (condition) => branch(conditionOf(condition))],
  [/^(jsonQuote)\s+([^\s|].*)$/s, (name, value) => output(`${valueOf(value)} | ${filterOf(name)}`)],
  [/^([a-z]\w*)\s+((?:[.$("`]|\d).*)$/is, (name, value) => output(`${valueOf(value)} | ${filterOf(name)}`)],
  [/^([.$][^|]*)\|\s*print/s, (value) => output(valueOf(value.trim()))],
  [/^([.$][^|]*)\|\s*(\w+)/s, (value, name) => output(`${valueOf(value.trim())} | ${filterOf(name)}`)],
  [/^\.$/, () => `${output('title')}, or the variable that is meant`],
  [/^([.$].*)$/s, (value) => output(valueOf(value))],
];

const OPERATORS: Readonly<Record<string, string>> = {
  eq: '==',
  ne: '!=',
  lt: '<',
  le: '<=',
  gt: '>',
  ge: '>=',
  and: 'and',
  or: 'or',
};

/** Go's functions, and those that programs often add, under the names of Liquid's filters. */
const FILTERS: Readonly<Record<string, string>> = {
  html: 'escape',
  js: 'json',
  jsonQuote: 'json',
  quote: 'json',
  toJson: 'json',
  urlquery: 'url_encode',
  len: 'size',
  lower: 'downcase',
  toLower: 'downcase',
  title: 'capitalize',
  toUpper: 'upcase',
  trim: 'strip',
  upper: 'upcase',
};

const filterOf = (name: string) => FILTERS[name] ?? name;

/** `eq .Level "error"` as `Level == "error"`. */
function conditionOf(text: string): string {
  const [first = '', second, third, ...more] = wordsOf(text);
  const operator = OPERATORS[first];
  if (operator !== undefined && second !== undefined && third !== undefined && more.length === 0)
    return `${valueOf(second)} ${operator} ${valueOf(third)}`;
  if (first === 'not' && second !== undefined && third === undefined) return `not ${valueOf(second)}`;
  return second === undefined ? valueOf(first) : 'CONDITION';
}

/** `printf "%s: %s" .Title .Body`: the values as outputs of their own. */
function outputs(args: string): string {
  const values = wordsOf(args).filter((word) => /^[.$]./.test(word));
  return values.length === 0 ? 'the text itself' : values.map((value) => output(valueOf(value))).join(' ');
}

/** `.Title` as `Title`, `$x` as `x`; what is no single value becomes a placeholder. */
function valueOf(text: string): string {
  if (/^[.$][\p{L}_][\p{L}\p{N}_.]*$/u.test(text)) return text.slice(1);
  if (text.startsWith('$.')) return valueOf(text.slice(1));
  if (text === '.') return 'item';
  return /^(?:"[^"]*"|[\p{L}\p{N}_.-]+)$/u.test(text) ? text : 'VALUE';
}

const wordsOf = (text: string): readonly string[] => text.match(/"(?:[^"\\]|\\.)*"|`[^`]*`|\([^)]*\)|\S+/g) ?? [];
