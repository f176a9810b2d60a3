import './Panel.css'

import { type ReactNode, useId } from 'react'

interface PanelProps {
  title: string
  /** What it shows, in a sentence. */
  about?: ReactNode
  /** Controls that belong to this panel alone. */
  tools?: ReactNode
  className?: string
  children: ReactNode
}

/** A titled part of a page. */
export function Panel({ title, about, tools, className = '', children }: PanelProps) {
  const heading = useId()
  return (
    <section className={`panel ${className}`} aria-labelledby={heading}>
      <header className="panel-header">
        <h2 id={heading}>{title}</h2>
        {tools}
      </header>
      {about && <p className="panel-about">{about}</p>}
      {children}
    </section>
  )
}
