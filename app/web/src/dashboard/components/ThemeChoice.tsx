import { chooseTheme, type Theme, useTheme } from '../theme'

const NAMES: Record<Theme, string> = { system: 'System', light: 'Light', dark: 'Dark' }

export function ThemeChoice() {
  const theme = useTheme()
  return (
    <label>
      <span className="hidden">Colours</span>
      <select value={theme} onChange={(event) => chooseTheme(event.target.value as Theme)}>
        {Object.entries(NAMES).map(([value, name]) => (
          <option key={value} value={value}>
            {name}
          </option>
        ))}
      </select>
    </label>
  )
}
