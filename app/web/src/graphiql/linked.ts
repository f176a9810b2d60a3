/**
 * What a link asks to be shown: `/graphql#query=…&variables=…`. It gets a tab, and runs when the reader says so; behind
 * the #, because the server answers a `?query=` itself.
 */
const asked = new URLSearchParams(location.hash.slice(1))
const query = asked.get('query')

export const linked = query === null ? null : { query, variables: asked.get('variables') ?? '' }

// A link that is followed from this page itself loads nothing anew.
addEventListener('hashchange', () => location.reload())
