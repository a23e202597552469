// All pages. `open` makes a page; its module is loaded when it is first looked at.
//
// It is given `args`, the parts of the address behind the name, `query` (URLSearchParams), and
// `signal`, which is aborted when the page is left. It returns a node, or a promise of one.

export const PAGES = [
  {
    name: "overview",
    label: "Overview",
    open: async ({ query, signal }) => (await import("./overview.js")).overviewPage(query, signal),
  },
  {
    name: "history",
    label: "History",
    open: async ({ args, query }) => {
      const pages = await import("./history.js");
      return args.length ? pages.tracePage(args[0]) : pages.historyPage(query);
    },
  },
  {
    name: "symbols",
    label: "Symbols",
    open: async ({ query }) => (await import("./symbols.js")).symbolsPage(query),
  },
  {
    name: "maps",
    label: "Maps",
    open: async ({ args }) => {
      const pages = await import("./maps.js");
      return args.length ? pages.mapPage(args[0]) : pages.mapsPage();
    },
  },
  {
    name: "config",
    label: "Configuration",
    open: async ({ query }) => (await import("./config.js")).configPage(query),
  },
  {
    name: "scan",
    label: "Scan",
    open: async () => (await import("./scan.js")).scanPage(),
  },
  {
    name: "workers",
    label: "Workers and health",
    open: async ({ signal }) => (await import("./workers.js")).workersPage(signal),
  },
];
