import type { ApiKeyScope } from '../../api/generated'

export const SCOPES: Record<ApiKeyScope, { name: string; about: string }> = {
  INGEST: { name: 'Ingest', about: 'to store signals, and no more' },
  READ: { name: 'Read', about: 'queries, subscriptions, charts' },
  ADMIN: { name: 'Administer', about: 'everything' },
}
