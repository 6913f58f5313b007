import { z } from 'zod';
import type { Channel } from '../channel/channel.ts';
import { isPlaceholder } from '../channel/placeholder.ts';
import { networkKeys } from './network.ts';
import { label, rateLimit, sinkConfig } from './schema.ts';
import { ANYTHING, NO_SHAPE, shapeOf, shapeOfFields } from './shape.ts';
import type { Shape } from './shape.ts';

/** The keys of a target that belong to no channel. */
export const commonSchema = z.strictObject({
  name: label.optional(),
  enabled: z.boolean().default(true),
  rate_limit: rateLimit.optional(),
  account_rate_limit: rateLimit.optional(),
  ...networkKeys,
});

/** What the configuration must know of a platform: a channel, or `system`. */
export interface Platform {
  readonly name: string;
  /** The keys under which its list of targets may stand. */
  readonly lists: readonly string[];
  /** The keys of commonSchema that a target may have; `system` has no limit. */
  readonly common: ReadonlySet<string>;
  /** The rest of a target. */
  readonly config: z.ZodType;
  /** Of a top-level section that is merged under each target: its keys and rate_limit. The section `system` is none. */
  readonly section?: Shape;
  readonly target: Shape;
  readonly group: Shape;
  /** What makes two targets the same way out. */
  credential(config: unknown): string;
  /** What makes two targets the same account, if that has a limit of its own. */
  readonly account?: (config: unknown) => string;
}

/** Every platform that a recipient may name. */
export function platformsOf(channels: ReadonlyMap<string, Channel>): ReadonlyMap<string, Platform> {
  const platforms = new Map<string, Platform>();
  for (const [name, channel] of channels) {
    if (isPlaceholder(channel)) {
      platforms.set(name, unknownPlatform(channel));
      continue;
    }
    const { config, account } = channel;
    const shared = [
      'rate_limit',
      ...(account === undefined ? [] : ['account_rate_limit']),
      ...(channel.wire === undefined ? Object.keys(networkKeys) : []),
    ].filter((key) => shapeOf(config).fields?.has(key) !== true);
    const shaped = shapesOf(config, ['name', 'enabled', ...shared], [channel.list ?? 'webhooks', 'targets']);
    const section = shapeOfFields([...shaped.target.fields!].filter(([key]) => key !== 'name' && key !== 'enabled'));
    platforms.set(name, {
      name,
      ...shaped,
      section,
      config,
      credential: (target) => channel.credential(target),
      ...(account && { account: (target: unknown) => account.key(target) }),
    });
  }
  const shaped = shapesOf(sinkConfig, ['name', 'enabled'], ['notifications', 'targets']);
  return platforms.set('system', { name: 'system', ...shaped, config: sinkConfig, credential: JSON.stringify });
}

/** A channel that could not be loaded: nobody knows its keys, so none is wrong, and any value may be a secret. */
function unknownPlatform(channel: Channel): Platform {
  const { name, config } = channel;
  const lists = ['webhooks', 'recipients', 'targets'];
  const common = ['name', 'enabled'];
  const keys = { ...shapeOfFields(commonFields(common)), each: ANYTHING };
  return {
    name,
    lists,
    common: new Set(common),
    config,
    section: { ...NO_SHAPE, each: ANYTHING },
    target: keys,
    group: groupShape(lists, keys),
    credential: (target) => channel.credential(target),
  };
}

/** The shape of `recipients`. */
export function recipientsShape(platforms: ReadonlyMap<string, Platform>): Shape {
  const groups = shapeOfFields([...platforms.values()].map((platform) => [platform.name, platform.group] as const));
  const recipient = shapeOfFields([
    ['name', shapeOf(label)],
    ['platforms', groups],
  ]);
  return { ...NO_SHAPE, each: recipient };
}

function shapesOf(
  config: z.ZodType,
  commonKeys: readonly string[],
  names: readonly string[],
): Pick<Platform, 'lists' | 'common' | 'target' | 'group'> {
  const lists = [...new Set(names)];
  const target = shapeOfFields([...(shapeOf(config).fields ?? []), ...commonFields(commonKeys)]);
  return { lists, common: new Set(commonKeys), target, group: groupShape(lists, target) };
}

const commonFields = (keys: readonly string[]): (readonly [string, Shape])[] =>
  [...(shapeOf(commonSchema).fields ?? [])].filter(([key]) => keys.includes(key));

const groupShape = (lists: readonly string[], target: Shape): Shape =>
  shapeOfFields([
    ['enabled', shapeOf(z.boolean())],
    ...lists.map((key) => [key, { ...NO_SHAPE, item: target }] as const),
  ]);
