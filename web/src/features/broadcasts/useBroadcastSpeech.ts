import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { gateQuery } from "../../message/gate";
import { templatesQuery } from "../../message/template";
import { segmentsQuery } from "../../segment/queries";
import { useFormat } from "../../ui/FormatContext";
import type { Speech } from "./sentence";

/** With what broadcasts are read aloud to this reader; what is gone is told by its id. */
export function useBroadcastSpeech(): Speech {
  const { t } = useTranslation();
  const format = useFormat();
  const segments = useQuery({ ...segmentsQuery, refetchInterval: false }).data;
  const templates = useQuery(templatesQuery).data;
  const gate = useQuery(gateQuery).data;
  return useMemo(() => {
    const names = new Map(segments?.segments.map(({ segment_id, name }) => [segment_id, name]));
    const texts = new Map(
      templates?.templates.map(({ template_id, name, message_channel }) => [
        template_id,
        { name, channel: message_channel },
      ]),
    );
    const purposes = new Map(gate?.purposes.map(({ purpose_id, name }) => [purpose_id, name]));
    return {
      t,
      segment: (id) => names.get(id) ?? id,
      template: (id) => texts.get(id),
      purpose: (id) => purposes.get(id) ?? id,
      percent: format.percent,
      integer: format.integer,
      dateTime: format.dateTime,
    };
  }, [t, format, segments, templates, gate]);
}
