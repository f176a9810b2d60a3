import { lazy, Suspense } from 'react'

import { useHasEnded } from './api/session'
import { Loading } from './components/State'
import { Shell } from './components/Shell'
import { Conversations } from './pages/Conversations'
import { NotFound } from './pages/NotFound'
import { usePath } from './router'

// The first view comes at once; the others, and the charts in them, when they are opened.
const Account = lazy(() => import('./pages/Account'))
const Conversation = lazy(() => import('./pages/Conversation'))
const Feedback = lazy(() => import('./pages/Feedback'))
const People = lazy(() => import('./pages/People'))
const Search = lazy(() => import('./pages/Search'))
const SignIn = lazy(() => import('./pages/SignIn'))
const Verify = lazy(() => import('./pages/Verify'))

/** app/pages.py has the same list of paths. */
function Page() {
  const [section, id, ...rest] = usePath()
  if (section === undefined) return <Conversations />
  if (section === 'conversations' && id !== undefined && rest.length === 0) {
    return <Conversation key={id} contextWindowId={id} />
  }
  if (section === 'people') return <People />
  if (section === 'search' && id === undefined) return <Search />
  if (section === 'verify' && id === undefined) return <Verify />
  if (section === 'account' && id === undefined) return <Account />
  if (section === 'feedback' && id === undefined) return <Feedback />
  return <NotFound />
}

export function App() {
  const hasEnded = useHasEnded()
  return (
    <Shell>
      <Suspense fallback={<Loading what="the page" />}>
        {hasEnded ? <SignIn /> : <Page />}
      </Suspense>
    </Shell>
  )
}
