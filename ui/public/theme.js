// Before the first paint: the colors that were chosen last, so that nothing flashes.
try {
  const chosen = localStorage.getItem("ironraft.theme");
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
} catch {
  // Without storage the colors are those of the system.
}
