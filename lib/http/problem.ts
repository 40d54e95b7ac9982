/** An error for the client (RFC 9457). Throw it anywhere below a route. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly title: string,
    readonly extra: {
      detail?: string
      errors?: Record<string, string[]>
      headers?: Record<string, string>
    } = {},
  ) {
    super(title)
  }

  get body(): object {
    const { headers, ...members } = this.extra
    return { type: 'about:blank', title: this.title, status: this.status, ...members }
  }

  get headers(): Record<string, string> {
    return { 'content-type': 'application/problem+json', 'cache-control': 'no-store', ...this.extra.headers }
  }

  toResponse(): Response {
    return Response.json(this.body, { status: this.status, headers: this.headers })
  }
}

export const notFound = (): Problem => new Problem(404, 'Not found')

export const unavailable = (detail?: string): Problem =>
  new Problem(503, 'Temporarily unavailable', { detail, headers: { 'retry-after': '5' } })
