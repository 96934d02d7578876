// Runs before the first paint, so that a chosen theme never flashes. A file of its own: the
// Content-Security-Policy allows no inline script.
try {
  const choice = localStorage.getItem('theme');
  if (choice === 'light' || choice === 'dark') document.documentElement.dataset.theme = choice;
} catch {
  // Storage is switched off: the theme follows the system.
}
