import {
  BreakTag,
  CaptureTag,
  CaseTag,
  type Context,
  ContinueTag,
  EchoTag,
  type Filter,
  ForTag,
  IfTag,
  Liquid,
  Output,
  RawTag,
  type Template,
  type Token,
  Tokenizer,
  TypeGuards,
  UnlessTag,
  Value,
  type Variable,
} from 'liquidjs';
import { goForm } from './go-forms.ts';
import { type TemplateNode, placeOutputs } from './json-position.ts';
import { type OutputForm, WRITINGS, jsonOf } from './output-writing.ts';
import { type Place, type TemplateFault, liquidFault } from './template-fault.ts';
import { type Variables, isFields, nameFault, partFault } from './template-variables.ts';

/**
 * What a template makes, and so how its outputs are written:
 * - `json`: inside a JSON string escaped for it, elsewhere as JSON of their own, so that JSON stays JSON;
 * - `text`: as they are;
 * - `url`: percent-encoded (`encodeURIComponent`), in the path and the query of an http or https URL;
 * - `form`: as in `application/x-www-form-urlencoded`, a blank as `+`.
 */
export type TemplateMode = 'json' | 'text' | 'url' | 'form';

export interface Compiled {
  readonly templates: readonly Template[];
  readonly loops: readonly ForTag[];
}

/** Reads a template and decides how each of its outputs is written. */
export function compile(text: string, mode: TemplateMode): Compiled | TemplateFault {
  try {
    const translated = withoutGo(text);
    if (typeof translated !== 'string') return translated;
    const templates = liquid.parse(translated);
    const read: Reading = { mode, loops: [], faults: [] };
    const nodes = nodesOf(templates, read);
    const fault = read.faults[0] ?? (mode === 'json' ? placeOutputs(nodes) : undefined);
    return fault ?? { templates, loops: read.loops };
  } catch (error) {
    return liquidFault(error, KNOWN);
  }
}

/** Prints a template. A fault is a limit that was passed or a filter that failed. */
export function print({ templates }: Compiled, variables: Variables): string | TemplateFault {
  try {
    return String(liquid.renderSync([...templates], variables));
  } catch (error) {
    return liquidFault(error, KNOWN);
  }
}

/** The first name in a template that no message has. */
export function unknownName({ templates, loops }: Compiled): TemplateFault | undefined {
  const { globals, locals, variables } = liquid.analyzeSync([...templates], { partials: false });
  for (const one of Object.values(globals).flat()) {
    const fault = nameFault(pathOf(one), placeOf(one));
    if (fault !== undefined) return fault;
  }
  const others = new Set(loops.filter((loop) => !isFields(loop.collection.getText())).map((loop) => loop.variable));
  for (const { variable } of loops) {
    if (others.has(variable) || Object.hasOwn(locals, variable)) continue;
    for (const one of variables[variable] ?? []) {
      const fault = partFault(pathOf(one)[1], placeOf(one));
      if (fault !== undefined) return fault;
    }
  }
  return undefined;
}

const pathOf = ({ segments }: Variable) => segments.map((part) => (typeof part === 'object' ? undefined : part));
const placeOf = ({ location }: Variable): Place => [location.row, location.col];
const startOf = (token: Token): Place => {
  const [row = 1, column = 1] = token.getPosition();
  return [row, column];
};

// ---- the language ----------------------------------------------------------------------------------------------

/** None that reads files, none that writes HTML or prints past the rules of a mode. */
const TAGS = ['assign', 'break', 'capture', 'case', 'comment', 'continue', 'echo', 'for', 'if', 'raw', 'unless', '#'];
/** `raw` would undo what a mode promises; the others are `json` under more names. */
const NO_FILTERS = ['raw', 'jsonify', 'inspect'];

const liquid = new Liquid({
  strictFilters: true,
  ownPropertyOnly: true,
  // What is empty is false, as in Go: {% if url %} means "has a link".
  jsTruthy: true,
  // In memory, so that no file could be read even if a tag asked for one.
  templates: {},
  /** Characters. */
  parseLimit: 65_536,
  /** Milliseconds of one rendering: far beyond what any sound template takes, so that a busy machine trips it never. */
  renderLimit: 1_000,
  /** Characters and list entries made on the way: some forty filters over the longest message. */
  memoryLimit: 10_000_000,
});
for (const name of Object.keys(liquid.tags)) if (!TAGS.includes(name)) delete liquid.tags[name];
for (const name of NO_FILTERS) liquid.unregisterFilter(name);
liquid.registerFilter('json', (value: unknown, space?: unknown) => jsonOf(value, Number(space ?? 0)));

const KNOWN = { filters: Object.keys(liquid.filters), tags: TAGS };

/** Go's forms in Liquid, in the same places; what is quoted, raw or a comment stays as it is. */
function withoutGo(text: string): string | TemplateFault {
  let made = '';
  let done = 0;
  let comment = false;
  for (const token of new Tokenizer(text).readTopLevelTokens()) {
    if (TypeGuards.isTagToken(token)) comment = token.name === 'comment' || (comment && token.name !== 'endcomment');
    if (comment || !TypeGuards.isOutputToken(token)) continue;
    const form = goForm(token.content);
    if (form === undefined) continue;
    if ('instead' in form)
      return { at: startOf(token), message: `${shown(token)} is Go; in Liquid write ${form.instead}` };
    const [begin, end] = token.contentRange;
    made += text.slice(done, begin) + form.liquid.padEnd(end - begin);
    done = end;
  }
  return made + text.slice(done);
}

const shown = (token: Token) => {
  const text = token.getText();
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
};

// ---- reading ---------------------------------------------------------------------------------------------------

interface Reading {
  readonly mode: TemplateMode;
  readonly loops: ForTag[];
  readonly faults: TemplateFault[];
}

const nodesOf = (templates: readonly Template[] | undefined, read: Reading): readonly TemplateNode[] =>
  (templates ?? []).flatMap((template) => nodeOf(template, read) ?? []);

function nodeOf(template: Template, read: Reading): TemplateNode | undefined {
  const { token } = template;
  const at = startOf(token);
  const choice = (branches: readonly (readonly Template[] | undefined)[]): TemplateNode => ({
    kind: 'choice',
    at,
    branches: branches.map((branch) => nodesOf(branch, read)),
  });
  if (TypeGuards.isHTMLToken(token)) return { kind: 'text', text: token.getContent() };
  if (template instanceof RawTag) return { kind: 'text', text: template.render() };
  if (template instanceof Output) return outputNode(template.value, at, read);
  if (template instanceof EchoTag) {
    const [value] = template.arguments();
    return value instanceof Value ? outputNode(value, at, read) : undefined;
  }
  if (template instanceof IfTag || template instanceof UnlessTag || template instanceof CaseTag)
    return choice([...template.branches.map((branch) => branch.templates), template.elseTemplates]);
  if (template instanceof ForTag) {
    read.loops.push(template);
    const body: TemplateNode = { kind: 'loop', at, body: nodesOf(template.templates, read) };
    return { kind: 'choice', at, branches: [[body], nodesOf(template.elseTemplates, read)] };
  }
  if (template instanceof BreakTag || template instanceof ContinueTag) return { kind: 'exit', at };
  // What is captured is plain text; it is written by the rules of the mode where it is put out.
  if (template instanceof CaptureTag) nodesOf(template.templates, { ...read, mode: 'text' });
  return undefined;
}

function outputNode(value: Value, at: Place, { mode, faults }: Reading): TemplateNode {
  // liquidjs takes the first of two values side by side and says nothing of the other.
  const tokens = value.initial.postfix;
  const operators = tokens.filter((token) => TypeGuards.isOperatorToken(token));
  const joints = operators.filter((token) => token.getText() !== 'not').length;
  if (tokens.length - operators.length > joints + 1)
    faults.push({
      at,
      message: 'an output has two values side by side; write an output for each, or a filter after |',
    });
  if (mode !== 'json') write(value, mode);
  return { kind: 'output', at, put: (position) => write(value, position) };
}

// ---- writing ---------------------------------------------------------------------------------------------------

function write({ filters }: Value, as: OutputForm): void {
  if (WRITINGS[as].same.includes(filters.at(-1)?.name ?? '')) filters.pop();
  filters.push(LAST[as]);
}

/** The filter at the end of every output. It counts what it makes towards the limit of memory. */
const LAST = Object.fromEntries(
  Object.entries(WRITINGS).map(([name, { write: written }]) => {
    const writers = new Liquid();
    writers.registerFilter(name, function (this: { context: Context }, value: unknown) {
      const text = written(value);
      this.context.memoryLimit.use(text.length);
      return text;
    });
    return [name, new Value(`nil | ${name}`, writers).filters[0]];
  }),
) as Record<OutputForm, Filter>;
