import { defineConfig } from 'vite';

export default defineConfig({
  build: {
    target: 'es2022',
    // The seed's content security policy takes scripts and styles from files alone.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    emptyOutDir: true,
    rolldownOptions: {
      // Parts of the router are marked for servers that render pages; ours are rendered by browsers alone.
      onLog: (level, log, tell) => log.code !== 'MODULE_LEVEL_DIRECTIVE' && tell(level, log),
    },
  },
  server: {
    // "npm run dev" beside a running "sluice up".
    proxy: { '/api': 'http://127.0.0.1:8080' },
  },
});
