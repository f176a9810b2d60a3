import './styles/tokens.css'
import './styles/base.css'

import { createRoot } from 'react-dom/client'
import { Provider } from 'urql'

import { client } from './api/client'
import { App } from './App'
import { applyTheme } from './theme'

const root = document.getElementById('root')
if (root === null) throw new Error('index.html has no #root')

applyTheme()
createRoot(root).render(
  <Provider value={client}>
    <App />
  </Provider>,
)
