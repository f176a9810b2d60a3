import './NewKey.css'

import { type FormEvent, type ReactNode, useEffect, useRef, useState } from 'react'
import { type CombinedError, useClient, useMutation, useQuery } from 'urql'

import {
  type ApiKeyScope,
  CreateApiKeyDocument,
  type CreateApiKeyMutation,
  OwnerDocument,
  OwnersFoundDocument,
} from '../../api/generated'
import { CopyButton } from '../../components/CopyButton'
import { Panel } from '../../components/Panel'
import { reasonOf } from '../../components/State'
import { useSettled } from '../../timing'
import { SCOPES } from './scopes'

const TYPING_MS = 200
const DAYS = 90

/** What is wrong, by field; what is of no field under `''`. */
type Faults = Record<string, string>

/** Makes a key, and shows it this once. */
export function NewKey({ made }: { made: () => void }) {
  const client = useClient()
  const [{ fetching }, create] = useMutation(CreateApiKeyDocument)
  const [faults, setFaults] = useState<Faults>({})
  const [created, setCreated] = useState<CreateApiKeyMutation['createApiKey']>()
  const form = useRef<HTMLFormElement>(null)

  useEffect(() => form.current?.querySelector<HTMLElement>('[aria-invalid=true]')?.focus(), [faults])

  const submit = async (event: FormEvent) => {
    event.preventDefault()
    if (form.current === null) return
    const given = new FormData(form.current)
    const username = text(given, 'userId')
    let userId: string | null = null
    if (username) {
      const found = await client.query(OwnerDocument, { username }).toPromise()
      if (found.error) return setFaults(faultsOf(found.error))
      userId = found.data?.user?.id ?? null
      if (userId === null) return setFaults({ userId: `There is no user ${username}.` })
    }
    const day = text(given, 'expiresAt')
    const { data, error } = await create({
      input: {
        name: text(given, 'name'),
        scopes: given.getAll('scopes') as ApiKeyScope[],
        userId,
        expiresAt: day ? new Date(`${day}T23:59:59`).toISOString() : null,
      },
    })
    if (error) return setFaults(faultsOf(error))
    setFaults({})
    setCreated(data?.createApiKey)
    form.current.reset()
    made()
  }

  return (
    <Panel title="New API key">
      <form className="new-key" aria-label="New API key" ref={form} noValidate onSubmit={submit}>
        <Field name="name" label="Name" about="Tells it from others." fault={faults['name']}>
          {(field) => <input {...field} required maxLength={255} autoComplete="off" />}
        </Field>
        <fieldset aria-describedby={faults['scopes'] && 'key-scopes-fault'}>
          <legend>What it may do</legend>
          {Object.entries(SCOPES).map(([scope, { name, about }]) => (
            <label key={scope}>
              <input
                type="checkbox"
                name="scopes"
                value={scope}
                aria-invalid={faults['scopes'] !== undefined}
                defaultChecked={scope === 'READ'}
              />
              {name} <span className="faint">{about}</span>
            </label>
          ))}
          <Fault id="key-scopes-fault" fault={faults['scopes']} />
        </fieldset>
        <Owner fault={faults['userId']} />
        <Field name="expiresAt" label="Expires" about="At the end of that day; never where empty." fault={faults['expiresAt']}>
          {(field) => <input {...field} type="date" defaultValue={dayAhead(DAYS)} />}
        </Field>
        <button type="submit" disabled={fetching}>
          Make the key
        </button>
        <Fault id="key-fault" fault={faults['']} />
      </form>
      <div role="status">{created && <Created token={created.key} apiKey={created.apiKey} />}</div>
    </Panel>
  )
}

/** Whose rights it has: any username, some of which are offered. */
function Owner({ fault }: { fault: string | undefined }) {
  const [search, setSearch] = useState('')
  const settled = useSettled(search, TYPING_MS)
  const [{ data }] = useQuery({ query: OwnersFoundDocument, variables: { search: settled }, pause: settled === '' })
  return (
    <Field name="userId" label="User" about="Whose rights it has; a machine’s own where empty." fault={fault}>
      {(field) => (
        <>
          <input {...field} list="key-owners" autoComplete="off" onChange={(event) => setSearch(event.target.value)} />
          <datalist id="key-owners">
            {data?.users?.edges.map(({ node }) => (
              <option key={node.id} value={node.username} />
            ))}
          </datalist>
        </>
      )}
    </Field>
  )
}

/** The key itself, which nobody is told again. */
function Created({ token, apiKey }: { token: string; apiKey: { id: string; name: string } }) {
  return (
    <div className="new-key-made">
      <p>
        <strong>{apiKey.name}</strong> is made. Copy the key now: it is not shown again.
      </p>
      <code>{token}</code>
      <CopyButton key={apiKey.id} text={token} label="Copy the key" />
    </div>
  )
}

interface FieldProps {
  name: string
  label: string
  about: string
  fault: string | undefined
  children: (field: { id: string; name: string; 'aria-invalid': boolean; 'aria-describedby': string }) => ReactNode
}

function Field({ name, label, about, fault, children }: FieldProps) {
  const id = `key-${name}`
  return (
    <div className="new-key-field">
      <label htmlFor={id}>{label}</label>
      {children({ id, name, 'aria-invalid': fault !== undefined, 'aria-describedby': `${id}-about ${id}-fault` })}
      <p id={`${id}-about`} className="small faint">
        {about}
      </p>
      <Fault id={`${id}-fault`} fault={fault} />
    </div>
  )
}

function Fault({ id, fault }: { id: string; fault: string | undefined }) {
  return (
    <p id={id} className="new-key-fault" role="alert">
      {fault}
    </p>
  )
}

const text = (given: FormData, name: string) => String(given.get(name) ?? '').trim()

const faultsOf = (error: CombinedError): Faults =>
  error.networkError
    ? { '': 'The server does not answer; no key was made.' }
    : { [String(error.graphQLErrors[0]?.extensions['field'] ?? '')]: reasonOf(error) }

/** `2026-05-01`, by the reader's own calendar. */
function dayAhead(days: number): string {
  const day = new Date()
  day.setDate(day.getDate() + days)
  return day.toLocaleDateString('sv')
}
