import { get } from 'node:http'

/** A client that watches an email on a stream of its own. */
export type Viewer = {
  /** The newest version that they have heard of, and when. */
  version: number
  heardAt: number
  /** True when they have heard a final status, and left. */
  over: boolean
}

/** Watches as a browser does: whenever the stream breaks off, it is opened again a second later. */
export function watchEmail(url: string, id: string): Viewer {
  const viewer = { version: 0, heardAt: 0, over: false }

  function open(): void {
    let final = false
    const request = get(`${url}/api/emails/${id}/events`, { agent: false }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk) => {
        const messages = (text + chunk).split('\n\n')
        text = messages.pop() ?? ''
        for (const message of messages) {
          const version = Number(/^id: (\d+)$/m.exec(message)?.[1] ?? 0)
          if (version > viewer.version) Object.assign(viewer, { version, heardAt: performance.now() })
          final ||= message.includes('"final":true')
        }
        // The stream goes on, for late reports.
        if (final) request.destroy()
      })
    })
    request.on('error', () => {})
    request.on('close', () => {
      if (final) viewer.over = true
      else setTimeout(open, 1_000)
    })
  }

  open()
  return viewer
}
