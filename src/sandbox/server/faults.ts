/** What can be made to go wrong. */
export type Fault =
  /** Read the request, never answer. */
  | { readonly kind: 'timeout' }
  /** Read the request, then reset the connection. */
  | { readonly kind: 'reset' }
  /** 200 with a page of HTML. */
  | { readonly kind: 'html' }
  | { readonly kind: 'http'; readonly status: number }
  /** The platform's own error shape with this code. */
  | { readonly kind: 'code'; readonly code: string }
  /** Answer after this many milliseconds; the message itself arrives at once. */
  | { readonly kind: 'slow'; readonly ms: number };

/** As it is written in the control API. */
export interface FaultOrder {
  readonly platform: string;
  /** Only this bot; absent: every bot of the platform. */
  readonly token?: string;
  readonly fault: string;
  /** How many requests it strikes. */
  readonly times: number;
}

export interface Faults {
  /** False: the list is full. */
  add(order: FaultOrder, fault: Fault): boolean;
  /** The first fault in order of registration that fits; uses up one of its times. */
  take(platform: string, token: string): Fault | undefined;
  takeCode(platform: string, codes: ReadonlySet<string>): string | undefined;
  list(): FaultOrder[];
  clear(): void;
}

/** More orders than this are refused. */
const MOST_ORDERS = 1000;
const LONGEST_SLOW_MS = 3_600_000;

/** Reads `timeout`, `reset`, `html`, `http:503`, `code:19021`, `slow:2000`; undefined: it is none of these. */
export function parseFault(text: string): Fault | undefined {
  const [kind = '', ...rest] = text.split(':');
  const value = rest.join(':');
  return Object.hasOwn(READERS, kind) ? READERS[kind]!(value) : undefined;
}

export function createFaults(): Faults {
  const entries: { order: FaultOrder; fault: Fault; left: number }[] = [];
  const use = (index: number): Fault => {
    const entry = entries[index]!;
    entry.left -= 1;
    if (entry.left === 0) entries.splice(index, 1);
    return entry.fault;
  };
  return {
    add(order, fault) {
      if (entries.length >= MOST_ORDERS) return false;
      entries.push({ order, fault, left: order.times });
      return true;
    },
    take(platform, token) {
      const index = entries.findIndex(
        ({ order }) => order.platform === platform && (order.token === undefined || order.token === token),
      );
      return index === -1 ? undefined : use(index);
    },
    takeCode(platform, codes) {
      const index = entries.findIndex(
        ({ order, fault }) =>
          order.platform === platform && order.token === undefined && fault.kind === 'code' && codes.has(fault.code),
      );
      if (index === -1) return undefined;
      const fault = use(index);
      return fault.kind === 'code' ? fault.code : undefined;
    },
    list: () => entries.map(({ order, left }) => ({ ...order, times: left })),
    clear: () => void entries.splice(0),
  };
}

const bare =
  (fault: Fault) =>
  (value: string): Fault | undefined =>
    value === '' ? fault : undefined;

const READERS: Readonly<Record<string, (value: string) => Fault | undefined>> = {
  timeout: bare({ kind: 'timeout' }),
  reset: bare({ kind: 'reset' }),
  html: bare({ kind: 'html' }),
  http: (value) => (/^[2-5]\d\d$/.test(value) ? { kind: 'http', status: Number(value) } : undefined),
  code: (value) => (/^[\w.-]{1,64}$/.test(value) ? { kind: 'code', code: value } : undefined),
  slow: (value) =>
    /^\d{1,7}$/.test(value) && Number(value) <= LONGEST_SLOW_MS ? { kind: 'slow', ms: Number(value) } : undefined,
};
