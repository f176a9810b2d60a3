import 'react'

declare module 'react' {
  interface CSSProperties {
    /** Custom properties, which are this project's way to hand a value to a sheet. */
    [property: `--${string}`]: string | number | undefined
  }
}
