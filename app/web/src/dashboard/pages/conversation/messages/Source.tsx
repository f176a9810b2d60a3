import { useEffect, useRef } from 'react'
import { useQuery } from 'urql'

import { CitedSourceDocument, type CitedSourceQuery } from '../../../api/generated'
import { Failure, Loading } from '../../../components/State'
import { Time } from '../../../components/Time'
import { around, type Citation } from './citations'
import { ROLES } from './roles'

/** Code points that are shown before and after the quote. */
const AROUND = 300

interface SourceProps {
  id: string
  citation: Citation
  conversationId: string
  goTo: (message: string) => void
  close: () => void
}

/** What a mark stands for: the cited words in their source, who said them and when. */
export function Source({ id, citation, conversationId, goTo, close }: SourceProps) {
  const [{ data, error }, read] = useQuery({ query: CitedSourceDocument, variables: { id: citation.id } })
  const element = useRef<HTMLElement>(null)
  // It opens below its mark, which may be at the end of what is seen of the list.
  useEffect(() => {
    element.current?.scrollIntoView({ block: 'nearest' })
  }, [data])
  const source = data?.node ? told(data.node) : undefined
  const isHere = data?.node?.__typename === 'Message' && data.node.conversation.id === conversationId
  return (
    <section ref={element} className="message-source" id={id} aria-label={`Source ${citation.number}`}>
      <header>
        <p className="small">
          <span className="faint">[{citation.number}]</span> {source?.speaker}{' '}
          {source && (
            <span className="faint">
              <Time at={source.at} />
            </span>
          )}
        </p>
        {isHere && (
          <button type="button" onClick={() => goTo(citation.id)}>
            Go to message
          </button>
        )}
        <button type="button" onClick={close}>
          Close
        </button>
      </header>
      {error && <Failure error={error} retry={() => read({ requestPolicy: 'network-only' })} />}
      {!data && !error && <Loading what="the source" />}
      {data && <Quotation citation={citation} text={source?.text} />}
    </section>
  )
}

function Quotation({ citation, text }: { citation: Citation; text: string | null | undefined }) {
  const context = text == null ? null : around(text, citation, AROUND)
  return (
    <>
      <blockquote>
        {context?.before}
        <mark>{citation.quote}</mark>
        {context?.after}
      </blockquote>
      {context === null && (
        <p className="small faint">
          {text === undefined ? 'The source is no longer there.' : 'The source’s text is another by now.'}
        </p>
      )}
    </>
  )
}

function told(node: NonNullable<CitedSourceQuery['node']>) {
  switch (node.__typename) {
    case 'Message':
      return { speaker: ROLES[node.role], at: node.createdAt, text: node.content }
    case 'Signal':
      return { speaker: node.userId ?? node.agentId ?? node.signalSource, at: node.timestamp, text: node.rawContent }
    default:
      return undefined
  }
}
