import type { GraphiQLProps } from 'graphiql'

import conversationCoherence from '../examples/conversation-coherence.graphql?raw'
import conversationCoherenceVariables from '../examples/conversation-coherence.variables.json?raw'
import conversationDrift from '../examples/conversation-drift.graphql?raw'
import conversationDriftVariables from '../examples/conversation-drift.variables.json?raw'
import createSignals from '../examples/create-signals.graphql?raw'
import createSignalsVariables from '../examples/create-signals.variables.json?raw'
import liveDrift from '../examples/live-drift.graphql?raw'
import liveDriftVariables from '../examples/live-drift.variables.json?raw'
import serverStatus from '../examples/server-status.graphql?raw'
import userConversations from '../examples/user-conversations.graphql?raw'

/** The tabs of a first visit; GraphiQL names each after its operation, and keeps later edits in localStorage. */
export const examples: NonNullable<GraphiQLProps['defaultTabs']> = [
  { query: conversationCoherence, variables: conversationCoherenceVariables },
  { query: conversationDrift, variables: conversationDriftVariables },
  { query: liveDrift, variables: liveDriftVariables },
  { query: userConversations },
  { query: createSignals, variables: createSignalsVariables },
  { query: serverStatus },
]

export const firstVariables = conversationCoherenceVariables
