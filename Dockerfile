# The images of production: `docker build --target api .` and `--target worker .`; docker-compose.yml names both.
# Nothing is downloaded when they run, and no process in them is root.
FROM node:24.21-bookworm-slim AS build
WORKDIR /app
COPY . .
RUN npm ci --no-audit --no-fund
RUN NX_DAEMON=false NX_TUI=false npx nx run-many -t build -p api,worker,web
# The same folder without what only building and testing need; optional packages are the embedded Postgres and the
# Node of `npm start`. Sources stay behind: their compiled form is what runs.
RUN npm ci --omit=dev --omit=optional --ignore-scripts --no-audit --no-fund \
  && rm -rf libs/*/src libs/testing libs/api-client

FROM node:24.21-bookworm-slim AS base
ENV DATA_DIR=/var/lib/nohands STORAGE_URL=file:///srv/storage
# New volumes take over the owner of the folder they are mounted on.
RUN mkdir -p /var/lib/nohands /srv/storage && chown node:node /var/lib/nohands /srv/storage
WORKDIR /app
COPY --from=build /app/package.json /app/LICENSE ./
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/libs libs

FROM base AS api
COPY --from=build /app/apps/api/dist apps/api/dist
COPY --from=build /app/apps/web/dist apps/web/dist
# For `backup` and `restore` beside the server: docs/operations.md.
COPY --from=build /app/tools/start tools/start
USER node
EXPOSE 8000
# It migrates the database before it listens; several may start at once.
CMD ["node", "apps/api/dist/main.js"]

FROM base AS worker
RUN apt-get update \
  && apt-get install -y --no-install-recommends ca-certificates git skopeo \
  && rm -rf /var/lib/apt/lists/*
# The CLI of the engine beside it: it is never downloaded when a build runs.
COPY --from=registry.dagger.io/engine:v0.21.8 /usr/local/bin/dagger /usr/local/bin/dagger
COPY --from=build /app/apps/worker/dist apps/worker/dist
USER node
CMD ["node", "apps/worker/dist/main.js"]
