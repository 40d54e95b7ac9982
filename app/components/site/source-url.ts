/** package.json's `repository`: an object, or a string such as `github:owner/name`. */
export type Repository = string | { url: string } | undefined

/** Returns an HTTPS URL from any form that npm accepts, or undefined. */
export function toSourceUrl(repository: Repository): string | undefined {
  const given = typeof repository === 'string' ? repository : repository?.url
  const url = given
    ?.replace(/^(?:github:)?([\w.-]+\/[\w.-]+)$/, 'https://github.com/$1')
    .replace(/^git@([^:]+):/, 'https://$1/')
    .replace(/^(?:git\+)?(?:https|ssh|git):\/\/(?:git@)?/, 'https://')
    .replace(/\.git$/, '')
  return url?.startsWith('https://') ? url : undefined
}
