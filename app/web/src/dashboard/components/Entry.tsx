import './Choice.css'

import { type InputHTMLAttributes, useEffect, useState } from 'react'

interface EntryProps extends InputHTMLAttributes<HTMLInputElement> {
  label: string
  value: string
  commit: (value: string) => void
}

/** A labelled text that counts once it is left, or by Enter: what is half typed asks nothing of the server. */
export function Entry({ label, value, commit, ...input }: EntryProps) {
  const [draft, setDraft] = useState(value)
  useEffect(() => setDraft(value), [value])
  const finish = () => {
    if (draft.trim() !== value) commit(draft.trim())
  }
  return (
    <label className="choice">
      <span>{label}</span>
      <input
        {...input}
        value={draft}
        onChange={(event) => setDraft(event.target.value)}
        onBlur={finish}
        onKeyDown={(event) => event.key === 'Enter' && finish()}
      />
    </label>
  )
}
