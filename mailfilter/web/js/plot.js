// Plots, drawn by plotly, which comes with the filter's Python packages and only where it is needed.

import { colour, onTheme } from "./theme.js";

const LIBRARY = "lib/plotly.min.js";
const SETTINGS = { displayModeBar: false, responsive: true, scrollZoom: false, doubleClick: false };
const NARROW = 480;

let loading = null;

/**
 * The library. It wants to put the style of its maps into the page, which our policy refuses: the
 * console tells that once, and nothing is missing. Fails where it is not installed; then tables have to do.
 */
export function loadPlotly() {
  loading ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = new URL(LIBRARY, document.baseURI);
    script.onload = () => (window.Plotly ? resolve(window.Plotly) : reject(new Error("no plotly in it")));
    script.onerror = () => reject(new Error("plotly is not there"));
    document.head.append(script);
  }).catch((error) => {
    loading = null;
    throw error;
  });
  return loading;
}

/** A plot in a box, drawn anew when colours change. */
export class Plot {
  /** `signal` ends it. */
  constructor(box, signal) {
    this.box = box;
    this.box.setAttribute("role", "img");
    this.drawn = null;
    this.signal = signal;
    onTheme(() => this.drawn && this.draw(...this.drawn), signal);
    signal.addEventListener("abort", () => window.Plotly?.purge(this.box));
  }

  /** `traces()` makes the lines with the colours of now; `said` is what the picture tells, in words. */
  async draw(traces, said, layout = {}) {
    this.drawn = [traces, said, layout];
    this.box.setAttribute("aria-label", said);
    const plotly = await loadPlotly();
    if (this.signal.aborted || !this.box.isConnected) return;
    await plotly.react(this.box, traces(), this.layout(layout), SETTINGS);
  }

  layout({ yTitle, range, ...more }) {
    const [text, muted, line, panel] = ["--text", "--muted", "--line", "--panel"].map(colour);
    const isNarrow = this.box.clientWidth < NARROW;
    const axis = { gridcolor: line, zerolinecolor: line, linecolor: line, tickfont: { color: muted }, fixedrange: true, automargin: true };
    return {
      paper_bgcolor: "transparent",
      plot_bgcolor: "transparent",
      font: { family: getComputedStyle(document.body).fontFamily, size: 12, color: text },
      margin: { l: 44, r: 8, t: 8, b: 36 },
      height: 240,
      dragmode: false,
      hovermode: "x unified",
      hoverlabel: { bgcolor: panel, bordercolor: line, font: { color: text } },
      showlegend: false,
      legend: { orientation: "h", x: 0, y: 1.02, yanchor: "bottom" },
      barmode: "stack",
      bargap: 0.08,
      xaxis: { ...axis, type: "date", range, nticks: isNarrow ? 4 : 8, showgrid: false, hoverformat: "%d %b %H:%M:%S" },
      yaxis: { ...axis, rangemode: "tozero", title: { text: yTitle, font: { size: 12, color: muted } } },
      ...more,
    };
  }
}
