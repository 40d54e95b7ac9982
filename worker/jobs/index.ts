import type { Handlers } from '../work'
import cleanUp from './clean-up'
import acknowledgeDeadLetter from './dead-letters'
import eraseUser from './erase-user'
import expireExport from './expire-export' // orders
import exportData from './export-data' // orders
import failExport from './export-data-dead' // orders
import retryBatch from './retry-batch'
import sendEmail from './send-email'
import sendEmailAlone from './send-email-alone'
import failEmail from './send-email-dead'
import sendTicket from './send-ticket'
import sweep from './sweep'

export const HANDLERS: Handlers = {
  'send-email': sendEmail,
  'send-ticket': sendTicket,
  'send-email-alone': sendEmailAlone,
  'retry-batch': retryBatch,
  'send-email-dead': failEmail,
  'erase-user': eraseUser,
  'clean-up': cleanUp,
  'dead-letters': acknowledgeDeadLetter,
  sweep,
  'export-data': exportData, // orders
  'export-data-dead': failExport, // orders
  'expire-export': expireExport, // orders
}
