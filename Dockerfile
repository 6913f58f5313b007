# The image has Node already, so the optional packages that carry a pinned Node (40 MB and more) stay out, and so do
# the tools of development; the sandbox and the demo need those and are not part of the image.
FROM node:24-slim AS packages
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --omit=optional --ignore-scripts --no-audit --no-fund

FROM node:24-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=packages /app/node_modules ./node_modules
COPY package.json LICENSE ./
COPY bin ./bin
COPY config/config.yaml.example ./config/
COPY src ./src
# The code belongs to root; the user `node` (uid 1000) of the base image owns only what it writes.
RUN mkdir -p data log notifications && chown node:node data log notifications
USER node

# A container is reached from outside, so the server listens on all its addresses; it then wants `auth.tokens` (or
# `auth.allow_anonymous`) and says so. These win over the file: see "Configuration" in README.md.
ENV PUSHSERVER_SERVER__HOST=0.0.0.0 PUSHSERVER_SERVER__PORT=8080
EXPOSE 8080
VOLUME ["/app/config", "/app/data", "/app/log", "/app/notifications"]

# slim has no curl. /health needs no token.
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s --retries=3 CMD ["node", "-e", "fetch('http://127.0.0.1:' + process.env.PUSHSERVER_SERVER__PORT + '/health', { signal: AbortSignal.timeout(4000) }).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]

# Node itself is the process that gets the signals.
STOPSIGNAL SIGTERM
ENTRYPOINT ["node", "src/main.ts"]
CMD ["serve"]
