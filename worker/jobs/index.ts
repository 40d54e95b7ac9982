import type { Handlers } from '../work'
import cleanUp from './clean-up'
import takeDeadLetter from './dead-letters'
import eraseUser from './erase-user'
import expireExport from './expire-export' // orders
import exportData from './export-data' // orders
import buryExport from './export-data-dead' // orders
import retryBatch from './retry-batch'
import sendEmail from './send-email'
import sendEmailAlone from './send-email-alone'
import buryEmail from './send-email-dead'
import sendTicket from './send-ticket'
import sweep from './sweep'

/** Who does the jobs of which queue. The compiler holds this list against the one in lib/queue.ts. */
export const HANDLERS: Handlers = {
  'send-email': sendEmail,
  'send-ticket': sendTicket,
  'send-email-alone': sendEmailAlone,
  'retry-batch': retryBatch,
  'send-email-dead': buryEmail,
  'erase-user': eraseUser,
  'clean-up': cleanUp,
  'dead-letters': takeDeadLetter,
  sweep,
  'export-data': exportData, // orders
  'export-data-dead': buryExport, // orders
  'expire-export': expireExport, // orders
}
