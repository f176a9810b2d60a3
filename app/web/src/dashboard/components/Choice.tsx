import './Choice.css'

interface ChoiceProps {
  label: string
  value: string
  options: readonly { value: string; name: string }[]
  choose: (value: string) => void
}

/** A labelled list to choose one of. */
export function Choice({ label, value, options, choose }: ChoiceProps) {
  return (
    <label className="choice">
      <span>{label}</span>
      <select value={value} onChange={(event) => choose(event.target.value)}>
        {options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.name}
          </option>
        ))}
      </select>
    </label>
  )
}
