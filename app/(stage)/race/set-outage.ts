/** Takes the local mail service down, or repairs it. Returns whether that worked. Never throws. */
export async function setOutage(down: boolean): Promise<boolean> {
  try {
    // It is also called when the page is being left.
    const response = await fetch('/api/sandbox/race/outage', {
      method: down ? 'PUT' : 'DELETE',
      keepalive: true,
    })
    return response.ok
  } catch {
    return false
  }
}
