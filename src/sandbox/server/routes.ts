import type { Route, StandIn } from '../stand-in.ts';

export interface Match {
  readonly standIn: StandIn;
  readonly route: Route;
  readonly params: Readonly<Record<string, string>>;
}

/**
 * Finds the stand-in that a path belongs to. The path with the most literal characters wins, so a stand-in with an open
 * path (`/:topic`) does not hide the others.
 */
export function createRoutes(standIns: readonly StandIn[]): (path: string) => Match | undefined {
  const table = standIns
    .flatMap((standIn) => (standIn.routes ?? []).map((route) => ({ standIn, route, ...compile(route.path) })))
    .toSorted((a, b) => b.literals - a.literals);
  return (path) => {
    for (const { standIn, route, pattern } of table) {
      const found = pattern.exec(path);
      if (found !== null) return { standIn, route, params: decode(found.groups ?? {}) };
    }
    return undefined;
  };
}

function compile(path: string): { pattern: RegExp; literals: number } {
  const parts = path.split(/:([a-z_]+)/);
  const source = parts
    .map((part, i) => (i % 2 === 0 ? part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&') : `(?<${part}>[^/]+)`))
    .join('');
  return {
    pattern: new RegExp(`^${source}/?$`),
    literals: parts.filter((_, i) => i % 2 === 0).join('').length,
  };
}

/** A segment that is not valid percent-encoding stays as it came. */
function decode(groups: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(groups).map(([name, value]) => {
      try {
        return [name, decodeURIComponent(value)];
      } catch {
        return [name, value];
      }
    }),
  );
}
