import { lazy, Suspense } from 'react'

import { Loading } from './components/State'
import { Shell } from './components/Shell'
import { Conversations } from './pages/Conversations'
import { NotFound } from './pages/NotFound'
import { usePath } from './router'

// The first view comes at once; the others, and the charts in them, when they are opened.
const Conversation = lazy(() => import('./pages/Conversation'))
const Feedback = lazy(() => import('./pages/Feedback'))
const People = lazy(() => import('./pages/People'))
const Verify = lazy(() => import('./pages/Verify'))

/** app/pages.py has the same list of paths. */
function Page() {
  const [section, id, ...rest] = usePath()
  if (section === undefined) return <Conversations />
  if (section === 'conversations' && id !== undefined && rest.length === 0) {
    return <Conversation key={id} contextWindowId={id} />
  }
  if (section === 'people') return <People />
  if (section === 'verify' && id === undefined) return <Verify />
  if (section === 'feedback' && id === undefined) return <Feedback />
  return <NotFound />
}

export function App() {
  return (
    <Shell>
      <Suspense fallback={<Loading what="the page" />}>
        <Page />
      </Suspense>
    </Shell>
  )
}
