import { defineConfig } from 'vite'

export default defineConfig({
  build: {
    rolldownOptions: {
      // One entry a page: the server answers with dist/<name>.html and mounts dist/assets at /assets.
      input: ['index.html', 'graphiql.html'],
      // React's libraries mark modules "use client" for servers that render them; there is none here.
      checks: { moduleLevelDirective: false },
    },
    // Monaco, the editor inside GraphiQL, is one chunk of 2.8 MB, loaded from the server's own machine.
    chunkSizeWarningLimit: 3_000,
  },
})
