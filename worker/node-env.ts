// Imported before React, which chooses its production build by NODE_ENV.
Object.assign(process.env, { NODE_ENV: process.env.NODE_ENV ?? 'production' })
