import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Emitter } from './events.ts';

/** How things stand at this moment; read only when somebody asks for the metrics. */
export interface MetricStats {
  /** Messages that wait or are being sent. */
  readonly queue_depth: number;
  /** Accepted tasks that are neither terminal nor anybody's, as the last audit of the store found. */
  readonly unaccounted: number;
  readonly lanes: readonly LaneStats[];
}

export interface LaneStats {
  readonly platform: string;
  /** `<alias>/<name>`, never a URL. */
  readonly target: string;
  /** Messages that wait for this lane. */
  readonly backlog: number;
  readonly paused: boolean;
}

export interface Metrics {
  /** Counts every fact from now on. */
  listen(events: Pick<Emitter, 'on'>): void;
  /** The page for Prometheus. */
  render(): Promise<string>;
  readonly contentType: string;
}

/** Lanes shown one by one; the rest, those with the least backlog, are added up under the target `others`. */
const MOST_LANES = 1000;
const OTHERS = 'others';

/** Seconds. A bot answers within 0.05 to 1; an attempt ends at `queue.timeout`, 10 unless configured. */
const ATTEMPT_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
/** Seconds. A rate limit makes a message wait for minutes; a task ends at `queue.deadline`, 900 unless configured. */
const LATENCY_BUCKETS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900];

/** The metrics of the service, on a registry of their own. */
export function createMetrics({ stats }: { readonly stats: () => MetricStats }): Metrics {
  const register = new Registry();
  const registers = [register];
  collectDefaultMetrics({ register });
  const pushes = new Counter({
    name: 'pushserver_pushes_total',
    help: 'Pushes by what became of the request: accepted, invalid, unknown_recipient, busy, unavailable, replayed or conflict.',
    labelNames: ['outcome'],
    registers,
  });
  const attempts = new Counter({
    name: 'pushserver_attempts_total',
    help: 'Requests to a platform; reason is ok or the kind of failure.',
    labelNames: ['platform', 'reason'],
    registers,
  });
  const durations = new Histogram({
    name: 'pushserver_attempt_duration_seconds',
    help: 'How long one request to a platform took.',
    labelNames: ['platform'],
    buckets: ATTEMPT_BUCKETS,
    registers,
  });
  const latencies = new Histogram({
    name: 'pushserver_delivery_latency_seconds',
    help: 'From accepting a push to reaching one target.',
    labelNames: ['platform'],
    buckets: LATENCY_BUCKETS,
    registers,
  });
  const digested = new Counter({
    name: 'pushserver_digested_total',
    help: 'Messages that were folded into a digest.',
    registers,
  });
  const notices = new Counter({
    name: 'pushserver_notices_total',
    help: 'Notices to the operator: the last line of defence.',
    registers,
  });
  addGauges(register, stats);

  return {
    listen(events) {
      const push = kept((outcome: string) => pushes.labels(outcome));
      const attempt = kept((platform: string) => kept((reason: string) => attempts.labels(platform, reason)));
      const duration = kept((platform: string) => durations.labels(platform));
      const latency = kept((platform: string) => latencies.labels(platform));
      events.on('accepted', () => push('accepted').inc());
      events.on('rejected', ({ outcome }) => push(outcome).inc());
      events.on('attempted', ({ platform, outcome, ms }) => {
        attempt(platform)(outcome.ok ? 'ok' : outcome.kind).inc();
        duration(platform).observe(ms / 1000);
      });
      events.on('delivered', ({ platform, ms }) => latency(platform).observe(ms / 1000));
      events.on('folded', ({ count }) => digested.inc(count));
      events.on('noticed', () => notices.inc());
    },
    render: () => register.metrics(),
    contentType: register.contentType,
  };
}

function addGauges(register: Registry, stats: () => MetricStats): void {
  const gauge = (name: string, help: string, value: () => number): void => {
    const metric = new Gauge({
      name,
      help,
      registers: [],
      collect() {
        this.set(value());
      },
    });
    register.registerMetric(metric);
  };
  gauge('pushserver_queue_depth', 'Accepted tasks that are not finished.', () => stats().queue_depth);
  gauge(
    'pushserver_unaccounted_tasks',
    'Accepted tasks that are neither terminal nor in hand anywhere, by the last audit of the store; 0 but for a bug.',
    () => stats().unaccounted,
  );
  const byLane = (name: string, help: string, value: (lane: LaneStats) => number): void => {
    const metric = new Gauge({
      name,
      help,
      labelNames: ['platform', 'target'],
      registers: [],
      collect() {
        this.reset();
        const lanes = stats().lanes.toSorted((a, b) => b.backlog - a.backlog);
        for (const lane of lanes.slice(0, MOST_LANES)) this.inc(labelsOf(lane), value(lane));
        for (const lane of lanes.slice(MOST_LANES)) this.inc(labelsOf({ ...lane, target: OTHERS }), value(lane));
      },
    });
    register.registerMetric(metric);
  };
  byLane('pushserver_lane_backlog', 'Messages that wait for one target.', (lane) => lane.backlog);
  byLane('pushserver_lane_paused', 'Lanes that a throttle answer pauses: 1 while paused.', (lane) =>
    lane.paused ? 1 : 0,
  );
}

function labelsOf({ platform, target }: LaneStats): { platform: string; target: string } {
  return { platform, target };
}

/** Makes each thing once: looking a label's counter up anew costs more than counting. */
function kept<V>(make: (key: string) => V): (key: string) => V {
  const all = new Map<string, V>();
  return (key) => {
    let value = all.get(key);
    if (value === undefined) {
      value = make(key);
      all.set(key, value);
    }
    return value;
  };
}
