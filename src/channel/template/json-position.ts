import type { Place, TemplateFault } from './template-fault.ts';

/** Where an output stands in the JSON around it: outside a string, inside one, or as the whole of one (`"{{ x }}"`). */
export type JsonPosition = 'value' | 'string' | 'whole_string';

/** A template as far as positions are concerned; what prints nothing (comments, assignments) has no node. */
export type TemplateNode =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'output'; readonly at: Place; readonly put: (position: JsonPosition) => void }
  /** One of the branches is printed; an absent else is an empty branch. */
  | { readonly kind: 'choice'; readonly at: Place; readonly branches: readonly (readonly TemplateNode[])[] }
  | { readonly kind: 'loop'; readonly at: Place; readonly body: readonly TemplateNode[] }
  /** Leaves the loop, or its turn. */
  | { readonly kind: 'exit'; readonly at: Place };

/** Tells every output of a JSON template where it stands, following both ways of a branch. */
export function placeOutputs(nodes: readonly TemplateNode[]): TemplateFault | undefined {
  const end = walk(nodes, 'value', undefined);
  return typeof end === 'string' ? undefined : end;
}

/** `escape`: in a string, right after a backslash. */
type State = 'value' | 'string' | 'escape';

function walk(nodes: readonly TemplateNode[], start: State, loop: State | undefined): State | TemplateFault {
  let state = start;
  for (const [i, node] of nodes.entries()) {
    if (node.kind === 'text') {
      state = after(node.text, state);
      continue;
    }
    if (state === 'escape')
      return { at: node.at, message: 'it stands right after a backslash; write \\\\ for the sign itself' };
    if (node.kind === 'output') {
      if (state === 'value') node.put('value');
      else node.put(opens(nodes[i - 1]) && closes(nodes[i + 1]) ? 'whole_string' : 'string');
    } else if (node.kind === 'exit') {
      if (loop !== undefined && loop !== state) return { at: node.at, message: UNEVEN };
    } else {
      const next = node.kind === 'choice' ? join(node, state, loop) : turn(node, state);
      if (typeof next !== 'string') return next;
      state = next;
    }
  }
  return state;
}

/** All branches must end alike: what follows cannot know which one was printed. */
function join(node: TemplateNode & { kind: 'choice' }, start: State, loop: State | undefined): State | TemplateFault {
  const ends = node.branches.map((nodes) => walk(nodes, start, loop));
  const fault = ends.find((end) => typeof end !== 'string');
  if (fault !== undefined) return fault;
  return ends.every((end) => end === ends[0]) ? (ends[0] ?? start) : { at: node.at, message: UNEVEN };
}

/** A loop's body is printed any number of times, so it must end where it began. */
function turn(node: TemplateNode & { kind: 'loop' }, start: State): State | TemplateFault {
  const end = walk(node.body, start, start);
  if (typeof end !== 'string') return end;
  return end === start ? start : { at: node.at, message: UNEVEN };
}

const UNEVEN =
  'a JSON string is begun or ended on one way through it but not on the other; put both quotes inside or both outside';

function after(text: string, start: State): State {
  let state = start;
  for (const sign of text) {
    if (state === 'escape') state = 'string';
    else if (sign === '"') state = state === 'value' ? 'string' : 'value';
    else if (sign === '\\' && state === 'string') state = 'escape';
  }
  return state;
}

/** Inside a string, text that ends in a quote can only have opened it: `\"` would be followed by `string` as well. */
const opens = (node: TemplateNode | undefined) => node?.kind === 'text' && /(?:^|[^\\])(?:\\\\)*"$/.test(node.text);
const closes = (node: TemplateNode | undefined) => node?.kind === 'text' && node.text.startsWith('"');
