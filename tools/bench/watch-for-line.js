/* global document, MutationObserver, requestAnimationFrame, MessageChannel */
// Runs in the page, as the text of one function: promises the times of the next click and of the frame that shows `line`,
// in milliseconds since 1970 with fractions.
(line) => {
  const now = () => performance.timeOrigin + performance.now();
  let from = Number.NaN;
  document.addEventListener('click', () => (from = now()), { capture: true, once: true });
  globalThis.paintedAfter = new Promise((resolve) => {
    const observer = new MutationObserver(() => {
      const texts = [...document.querySelectorAll('.row .text')];
      if (!texts.some((text) => text.textContent.trim() === line)) return;
      observer.disconnect();
      requestAnimationFrame(() => {
        // The message after a frame's callback comes once that frame is on its way to the screen.
        const { port1, port2 } = new MessageChannel();
        port1.onmessage = () => resolve({ from, to: now() });
        port2.postMessage(null);
      });
    });
    observer.observe(document.body, { childList: true, subtree: true, characterData: true });
  });
};
