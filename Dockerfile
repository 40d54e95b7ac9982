# One image for the web server, the workers and the migrations:
#
#   docker build -t behind-the-scenes .
#   docker run --env-file .env behind-the-scenes node prisma/migrate.js
#   docker run --env-file .env -p 3000:3000 behind-the-scenes
#   docker run --env-file .env behind-the-scenes node worker/index.js
#   docker run --env-file .env behind-the-scenes node worker/doctor.js

FROM node:24-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts
COPY . .
RUN npx prisma generate
RUN STANDALONE=1 npx next build
# Next traces what the server runs, and leaves out the maps of it.
RUN cd .next && find server -name '*.map' -exec cp --parents -t standalone/.next {} +
# The worker, an operator's commands and the migrations, each with all that it imports, in one file.
RUN npx esbuild worker/index.ts worker/doctor.ts worker/erase.ts worker/pace.ts worker/queues.ts worker/redrive.ts worker/waiting.ts prisma/migrate.ts --outdir=.next/standalone --outbase=. --bundle --platform=node --target=node20 --format=esm --sourcemap --keep-names --define:process.env.NODE_ENV='"production"' --banner:js="import { createRequire as banner } from 'node:module'; const require = banner(import.meta.url), __dirname = import.meta.dirname;"

FROM node:24-slim
WORKDIR /app
# With their maps, stacks in the log name the lines of the source.
ENV NODE_OPTIONS=--enable-source-maps
# KEEP_ALIVE_TIMEOUT, in ms: longer than a proxy keeps an idle connection, or it may use one that is just being closed.
ENV NODE_ENV=production NEXT_TELEMETRY_DISABLED=1 HOSTNAME=0.0.0.0 PORT=3000 KEEP_ALIVE_TIMEOUT=75000
COPY --from=build /app/.next/standalone ./
COPY --from=build /app/.next/static .next/static
COPY --from=build /app/prisma/schema.prisma prisma/
COPY --from=build /app/prisma/migrations prisma/migrations
COPY --from=build /app/node_modules/@prisma/schema-engine-wasm node_modules/@prisma/schema-engine-wasm
USER node
EXPOSE 3000
CMD ["node", "server.js"]
