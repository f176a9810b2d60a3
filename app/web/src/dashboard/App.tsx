import { lazy, Suspense, useEffect } from 'react'

import { useContextWindowId } from './api/contextWindowId'
import { useHasEnded } from './api/session'
import { Loading } from './components/State'
import { Shell } from './components/Shell'
import { Conversations } from './pages/Conversations'
import { NotFound } from './pages/NotFound'
import { navigate, pathOf, usePath } from './router'

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
    return <ConversationBy key={id} reference={id} />
  }
  if (section === 'people') return <People />
  if (section === 'search' && id === undefined) return <Search />
  if (section === 'verify' && id === undefined) return <Verify />
  if (section === 'account' && id === undefined) return <Account />
  if (section === 'feedback' && id === undefined) return <Feedback />
  return <NotFound />
}

/** A conversation by its contextWindowId or by its id; the address then has the former. */
function ConversationBy({ reference }: { reference: string }) {
  const contextWindowId = useContextWindowId(reference)
  const isOther = contextWindowId !== undefined && contextWindowId !== reference
  useEffect(() => {
    if (isOther) navigate(pathOf('conversations', contextWindowId) + location.search, { replace: true })
  }, [isOther, contextWindowId])
  if (contextWindowId === undefined || isOther) return <Loading what="the conversation" />
  return <Conversation contextWindowId={contextWindowId} />
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
