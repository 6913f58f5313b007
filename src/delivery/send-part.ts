import type { Channel } from '../channel/channel.ts';
import type { Outcome, Success, Target } from '../model.ts';
import { type AttemptPorts, attempt } from './attempt.ts';
import type { Parts } from './parts.ts';
import type { Sender } from './sender.ts';

/** What goes out: the part in hand of what `sender` has to say. */
export interface Going {
  readonly sender: Sender;
  readonly channel: Channel;
  readonly target: Target;
  readonly parts: Parts;
  /** Called when the whole message has arrived after the attempt had been given up. */
  readonly arrivedLate: (success: Success) => void;
}

/** One attempt at the part in hand, told to whoever listens. Never rejects. */
export async function sendPart(
  ports: AttemptPorts,
  { sender, channel, target, parts, arrivedLate }: Going,
): Promise<{ outcome: Outcome; timed_out: boolean }> {
  const { clock, events } = ports;
  const { next: part, count, key, payload } = parts;
  const started = clock.monotonic();
  const { outcome, timed_out } = await attempt(ports, {
    channel,
    config: target.config,
    network: target.network,
    payload,
    id: `${sender.id}-${key}`,
    part,
    // Parts leave in order: when the last one has arrived, all have. Of an earlier one nothing follows.
    arrivedLate: (success) => part === count - 1 && arrivedLate(success),
  });
  events.emit('attempted', {
    tasks: sender.tasks,
    alias: target.alias,
    platform: channel.name,
    target: target.name,
    outcome,
    timed_out,
    ms: clock.monotonic() - started,
    part: part + 1,
    parts: count,
    ...(sender.digest_id === undefined ? {} : { digest_id: sender.digest_id }),
  });
  return { outcome, timed_out };
}
