import { Skeleton, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { personLink } from "../../api/people";
import { useSettled } from "../../report/useSettled";
import type { Preview as Answered } from "../../segment/api";
import type { Rule } from "../../segment/rule";
import { Sentence } from "../../segment/Sentence";
import { useSpeech } from "../../segment/useSpeech";
import { errorText } from "../../ui/errorText";
import { useFormat } from "../../ui/FormatContext";
import { Card } from "../../ui/Page";
import classes from "./Builder.module.css";
import { previewQuery } from "./queries";

const SHOWN = 8;

/**
 * The rule read aloud, how many it holds for, and some of them; it follows the builder by itself.
 *
 * * `asked`: the part of the rule that is filled in; `null` while nothing is.
 */
export function Preview({ rule, asked, tz }: { rule: Rule; asked: Rule | null; tz: string }) {
  const { t } = useTranslation();
  const speech = useSpeech();
  const settled = useSettled({ asked, tz });
  const preview = useQuery(previewQuery(settled.asked, settled.tz));
  const isWaiting = preview.isFetching || JSON.stringify(settled.asked) !== JSON.stringify(asked);
  const isPartial = JSON.stringify(asked) !== JSON.stringify(rule);
  return (
    <>
      <Card title={t("segments.preview.sentence")}>
        <p className={classes.sentence} style={{ margin: 0 }} data-sentence>
          <Sentence rule={rule} speech={speech} />
        </p>
      </Card>
      <Card title={t("segments.preview.title")} hint={t("segments.preview.hint")}>
        <div aria-live="polite" className={classes.preview} data-stale={isWaiting}>
          {asked === null ? (
            <Text size="sm" c="dimmed">
              {t("segments.preview.unfinished")}
            </Text>
          ) : preview.isError && !isWaiting ? (
            <Text size="sm" c="var(--fc-bad)" role="alert">
              {errorText(t, preview.error)}
            </Text>
          ) : preview.data ? (
            <Found preview={preview.data} isPartial={isPartial} />
          ) : (
            <div aria-busy="true">
              <Skeleton height={34} width={140} mb="xs" />
              <Skeleton height={14} width={220} />
            </div>
          )}
        </div>
      </Card>
    </>
  );
}

function Found({ preview, isPartial }: { preview: Answered; isPartial: boolean }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { size, is_estimate, low, high, of, sample, elapsed_ms, as_of } = preview;
  const figures = { people: format.integer(rounded(size)), of: format.integer(of) };
  return (
    <>
      <div className={classes.size} data-people={size}>
        {is_estimate ? t("segments.preview.about", figures) : format.integer(size)}
      </div>
      <Text size="sm" mb={2}>
        {t("segments.preview.of", { share: format.percent(of === 0 ? 0 : size / of), of: figures.of })}
      </Text>
      {is_estimate && (
        <Text size="xs" c="dimmed">
          {t("segments.preview.interval", { low: format.integer(low), high: format.integer(high) })}
        </Text>
      )}
      {isPartial && (
        <Text size="xs" c="dimmed">
          {t("segments.preview.partial")}
        </Text>
      )}
      <Text size="xs" c="dimmed">
        {t("report.as_of", { time: format.dateTime(as_of) })} · {t("report.took", { time: format.integer(elapsed_ms) })}
      </Text>
      {0 < sample.length && (
        <Text size="xs" fw={600} c="dimmed" mt="md" mb={2}>
          {t("segments.preview.some")}
        </Text>
      )}
      {sample.slice(0, SHOWN).map((row) => {
        const { key, title, detail, link } = personLink(t, format, row);
        return (
          <Link key={key} {...link} target="_blank" className={classes.person}>
            <Text size="sm" fw={600} className="ellipsis">
              {title}
            </Text>
            <Text size="xs" c="dimmed" className="ellipsis">
              {detail}
            </Text>
          </Link>
        );
      })}
    </>
  );
}

/** An estimate has no more than three digits that mean something. */
function rounded(size: number): number {
  const step = 10 ** Math.max(0, Math.floor(Math.log10(Math.max(1, size))) - 2);
  return Math.round(size / step) * step;
}
