import { useEffect, useState } from 'react'

const SHOW_MS = 2_000

/** Puts `text` on the clipboard, and says whether it is there. */
export function CopyButton({ text, label }: { text: string; label: string }) {
  const [outcome, setOutcome] = useState('')
  useEffect(() => {
    const timer = setTimeout(() => setOutcome(''), SHOW_MS)
    return () => clearTimeout(timer)
  }, [outcome])
  const copy = () =>
    navigator.clipboard.writeText(text).then(
      () => setOutcome('Copied'),
      () => setOutcome('The browser refused'),
    )
  return (
    <>
      <button type="button" onClick={copy}>
        {outcome || label}
      </button>
      <span className="hidden" role="status">
        {outcome}
      </span>
    </>
  )
}
