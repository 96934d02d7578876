/* global document, MutationObserver, requestAnimationFrame, MessageChannel */
// Runs in the page, as the text of one function: promises the milliseconds from the next click to the frame that shows `line`.
(line) => {
  let pressedAt = Number.NaN;
  document.addEventListener('click', () => (pressedAt = performance.now()), { capture: true, once: true });
  globalThis.paintedAfter = new Promise((resolve) => {
    const observer = new MutationObserver(() => {
      const texts = [...document.querySelectorAll('.row .text')];
      if (!texts.some((text) => text.textContent.trim() === line)) return;
      observer.disconnect();
      requestAnimationFrame(() => {
        // The message after a frame's callback comes once that frame is on its way to the screen.
        const { port1, port2 } = new MessageChannel();
        port1.onmessage = () => resolve(performance.now() - pressedAt);
        port2.postMessage(null);
      });
    });
    observer.observe(document.body, { childList: true, subtree: true, characterData: true });
  });
};
