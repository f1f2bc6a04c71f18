import { useEffect, useReducer } from "react";
import { api, body } from "../../api/client";
import type { LiveEvent } from "../../api/types";
import { changeFeed, emptyFeed } from "./feed";

const FLUSH_MS = 250;
const RECENT_EVENTS = 100;
const RETRY_MS = 4_000;

/** The stream of events, from those just before to those to come, for as long as the page is open. */
export function useFeed() {
  const [feed, change] = useReducer(changeFeed, emptyFeed);

  useEffect(() => {
    let arrived: LiveEvent[] = [];
    let stream = listen();

    function listen(): EventSource {
      const opened = new EventSource("/api/live/stream");
      opened.addEventListener("event", (message: MessageEvent<string>) => {
        arrived.unshift(JSON.parse(message.data));
      });
      opened.onopen = () => {
        change({ kind: "line", line: "open" });
        // What came in before the stream was open, or while it was broken.
        void body(api.GET("/api/live/recent", { params: { query: { limit: RECENT_EVENTS } } }))
          .then(({ events }) => change({ kind: "recent", events }))
          .catch(() => change({ kind: "line", line: "broken" }));
      };
      opened.onerror = () => change({ kind: "line", line: "broken" });
      return opened;
    }

    // A browser tries again after a lost connection, but not after an answer that is no stream: a server that restarts.
    const retry = setInterval(() => {
      if (stream.readyState === EventSource.CLOSED) stream = listen();
    }, RETRY_MS);

    // A busy installation brings hundreds of events a second: the page draws four times a second.
    const flush = setInterval(() => {
      if (arrived.length === 0) return;
      change({ kind: "arrived", events: arrived });
      arrived = [];
    }, FLUSH_MS);

    return () => {
      stream.close();
      clearInterval(flush);
      clearInterval(retry);
    };
  }, []);

  return { feed, change };
}
