// Before anything is drawn: light or dark, if somebody has chosen. Not a module, which would come too late.

(() => {
  try {
    const chosen = localStorage.getItem("mailfilter-theme");
    if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
  } catch {
    // A browser that keeps nothing: the system decides.
  }
})();
