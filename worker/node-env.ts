// React has a slow build for developers. Imported before it, this makes sure that a worker gets the other one.
Object.assign(process.env, { NODE_ENV: process.env.NODE_ENV ?? 'production' })
