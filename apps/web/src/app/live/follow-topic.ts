import { DestroyRef, effect, inject, untracked } from '@angular/core';
import type { LiveState } from './live-frames';
import { LiveSocket } from './live-socket';

export type TopicHandlers = {
  /** Loads what the page shows; called once the subscription stands, and again after each reconnect. */
  readonly load: () => Promise<void>;
  readonly state: (data: LiveState) => void;
};

/** How long a page waits for its subscription before it loads without one: reading must work where WebSockets do not. */
const patienceMilliseconds = 600;

/** Subscribes first, then loads: nothing can change unseen in between. Follows `topic` when it changes. */
export function followTopic(topic: () => string, handlers: TopicHandlers): void {
  const socket = inject(LiveSocket);
  let leave = () => {};
  effect(() => {
    const name = topic();
    untracked(() => {
      leave();
      leave = followOne(socket, name, handlers);
    });
  });
  inject(DestroyRef).onDestroy(() => leave());
}

function followOne(socket: LiveSocket, topic: string, handlers: TopicHandlers): () => void {
  const impatience = setTimeout(() => void handlers.load(), patienceMilliseconds);
  const leave = socket.subscribe(topic, {
    receive: (frame) => {
      if (frame.event === 'state') handlers.state(frame.data);
      // Refused: what loading answers says why.
      if (frame.event !== 'subscribed' && frame.event !== 'error') return;
      clearTimeout(impatience);
      void handlers.load();
    },
  });
  return () => {
    clearTimeout(impatience);
    leave();
  };
}
