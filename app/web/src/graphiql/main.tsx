import 'graphiql/setup-workers/vite'
import 'graphiql/style.css'
import './page.css'

import { createGraphiQLFetcher } from '@graphiql/toolkit'
import { GraphiQL } from 'graphiql'
import { createClient } from 'graphql-ws'
import { createRoot } from 'react-dom/client'

import { examples, firstVariables } from './examples'
import { linked } from './linked'

const root = document.getElementById('root')
if (root === null) throw new Error('graphiql.html has no #root')

const socket = createClient({ url: new URL('/graphql', location.href.replace(/^http/, 'ws')).href })

createRoot(root).render(
  <GraphiQL
    fetcher={createGraphiQLFetcher({ url: '/graphql', wsClient: socket })}
    defaultTabs={linked ? [linked, ...examples] : examples}
    // A page without stored tabs shows the first one's query, but not its variables, by itself.
    {...(localStorage.getItem('graphiql:tabState') === null && { initialVariables: firstVariables })}
    {...(linked && { initialQuery: linked.query, initialVariables: linked.variables })}
    defaultEditorToolsVisibility="variables"
    // The variables editor would otherwise mark an object as an error wherever a custom scalar stands.
    customScalarSchemas={{ JSON: {} }}
  >
    <GraphiQL.Logo>Coherence</GraphiQL.Logo>
  </GraphiQL>,
)
