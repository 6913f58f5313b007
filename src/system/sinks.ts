import type { Clock, Notice } from '../model.ts';
import { createConsoleSink, type TextStream } from './console-sink.ts';
import { createFileSink } from './file-sink.ts';
import { createHttpSink, type Post } from './http-sink.ts';
import type { SystemEntry } from './settings.ts';
import { SinkError } from './sink-error.ts';

export interface SinkOptions {
  readonly stdout: TextStream;
  /** `notifications/` */
  readonly folder: string;
  readonly file_limit: () => number;
  /** Writes a notice into the application's log, at the level of its type. */
  readonly syslog: (notice: Notice) => void;
  readonly post: Post;
  readonly clock: Pick<Clock, 'after'>;
  /** The notice that stands for `count` others; see the bounds of the `http` sink. */
  readonly summary: (count: number) => Notice;
  /** Told of a summary that was not taken. */
  readonly failed: (summary: Notice, error: unknown) => void;
}

/** The ways out of the last line. Each is tried once, waits for no other, and rejects when it did not take a notice. */
export interface Sinks {
  /** One notice of a possible storm: beyond its bounds a sink counts it and says so in one summary. */
  write(entry: SystemEntry, notice: Notice): Promise<void>;
  /** A notice somebody asked for: it is written whole, or refused. */
  writeWhole(entry: SystemEntry, notice: Notice): Promise<void>;
  /** Resolves when every summary that is due is out, without waiting for its time. */
  idle(): Promise<void>;
  stats(): { http_waiting: number; http_in_flight: number };
}

type Write = (entry: SystemEntry, notice: Notice) => Promise<unknown>;

export function createSinks(options: SinkOptions): Sinks {
  const screen = createConsoleSink(options.stdout, options.clock);
  const file = createFileSink(options);
  const http = createHttpSink(options);
  const ways: Readonly<Record<SystemEntry['type'], Write>> = {
    console: (_, notice) => screen.write(notice),
    file: (_, notice) => file(notice),
    // oxlint-disable-next-line require-await -- a log that throws is a sink that failed
    syslog: async (_, notice) => options.syslog(notice),
    // Without a URL the store is the whole sink, and it has the notice already.
    http: async (entry, notice) => !entry.url || http.write(entry.url, notice),
  };
  const whole: Partial<Record<SystemEntry['type'], Write>> = {
    console: (_, notice) => screen.writeAlways(notice),
    http: async (entry, notice) => {
      if ((await ways.http(entry, notice)) === false) throw new SinkError(FULL);
    },
  };

  return {
    async write(entry, notice) {
      await ways[entry.type](entry, notice);
    },
    async writeWhole(entry, notice) {
      await (whole[entry.type] ?? ways[entry.type])(entry, notice);
    },
    idle() {
      screen.flush();
      return http.idle();
    },
    stats: () => http.stats(),
  };
}

const FULL = { en: 'too many notices wait', zh: '等待发送的通知过多' };
