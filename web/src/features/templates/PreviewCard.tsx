import { Alert, Button, Select, SegmentedControl, Skeleton, Text } from "@mantine/core";
import { useDebouncedValue, useElementSize } from "@mantine/hooks";
import {
  IconAlertTriangle,
  IconBulb,
  IconCircleCheck,
  IconCircleX,
  IconDeviceDesktop,
  IconDeviceMobile,
  IconMoon,
  IconSun,
  IconUser,
} from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { TemplateChannel } from "../../message/channels";
import type { Content, Finding, Preview } from "../../message/template";
import { errorText } from "../../ui/errorText";
import { Card } from "../../ui/Page";
import { inScheme, knowsDark } from "./darkMail";
import { peopleQuery } from "./queries";
import classes from "./Templates.module.css";
import type { PreviewState } from "./usePreview";

const WIDTHS = { desktop: 600, phone: 375 } as const;
type Device = keyof typeof WIDTHS;
type View = "html" | "text" | "amp";

/** What a person would get, and what should be mended before. */
export function PreviewCard({
  channel,
  content,
  preview,
  profileId,
  onProfile,
  onLine,
}: {
  channel: TemplateChannel;
  content: Content;
  preview: PreviewState;
  profileId: string | null;
  onProfile: (profileId: string | null) => void;
  onLine: (line: number) => void;
}) {
  const { t } = useTranslation();
  const { good, shown, isWaiting, failure } = preview;
  return (
    <Card flush>
      {failure !== null && !isWaiting && (
        <Alert color="red" variant="light" m="sm" title={t("templates.preview.failed")}>
          {errorText(t, failure)}{" "}
          <Button size="compact-xs" variant="subtle" onClick={preview.again}>
            {t("ui.error.retry")}
          </Button>
        </Alert>
      )}
      {channel === "email" ? (
        <MailPreview mail={good} isWaiting={isWaiting} profileId={profileId} onProfile={onProfile} />
      ) : (
        <>
          <div className={classes.previewBar}>
            <AsWhom profileId={profileId} onProfile={onProfile} />
          </div>
          <Phone channel={channel} content={content} said={good} isWaiting={isWaiting} />
        </>
      )}
      {shown?.error && (
        <Alert color="red" variant="light" m="sm" title={t("templates.preview.mistake")} role="alert">
          {shown.error.message} {shown.error.line !== null && <LineLink line={shown.error.line} onLine={onLine} />}
        </Alert>
      )}
      {shown && !shown.error && <Findings findings={shown.findings} onLine={onLine} />}
    </Card>
  );
}

function MailPreview({
  mail,
  isWaiting,
  profileId,
  onProfile,
}: {
  mail: Preview | null;
  isWaiting: boolean;
  profileId: string | null;
  onProfile: (profileId: string | null) => void;
}) {
  const { t } = useTranslation();
  const [device, setDevice] = useState<Device>("desktop");
  const [scheme, setScheme] = useState<"light" | "dark">("light");
  const [view, setView] = useState<View>("html");
  const picture = (Picture: typeof IconSun, words: string) => (
    <Picture size={16} role="img" aria-label={words} style={{ display: "block" }} />
  );
  const hasAmp = Boolean(mail?.amp);
  const seen = view === "amp" && !hasAmp ? "html" : view;
  return (
    <>
      <div className={classes.previewBar}>
        <AsWhom profileId={profileId} onProfile={onProfile} />
        <SegmentedControl
          size="xs"
          aria-label={t("templates.preview.view")}
          data={[
            { value: "html", label: t("templates.preview.html") },
            { value: "text", label: t("templates.preview.text") },
            ...(hasAmp ? [{ value: "amp", label: "AMP" }] : []),
          ]}
          value={seen}
          onChange={(value) => setView(value === "text" || value === "amp" ? value : "html")}
        />
        {seen !== "text" && (
          <>
            <SegmentedControl
              size="xs"
              aria-label={t("templates.preview.width")}
              data={[
                { value: "desktop", label: picture(IconDeviceDesktop, t("templates.preview.desktop")) },
                { value: "phone", label: picture(IconDeviceMobile, t("templates.preview.phone")) },
              ]}
              value={device}
              onChange={(value) => setDevice(value === "phone" ? "phone" : "desktop")}
            />
            <SegmentedControl
              size="xs"
              aria-label={t("templates.preview.scheme")}
              data={[
                { value: "light", label: picture(IconSun, t("shell.scheme.light")) },
                { value: "dark", label: picture(IconMoon, t("shell.scheme.dark")) },
              ]}
              value={scheme}
              onChange={(value) => setScheme(value === "dark" ? "dark" : "light")}
            />
          </>
        )}
      </div>
      {!mail ? (
        <div className={classes.stage} aria-busy={isWaiting}>
          {isWaiting ? (
            <Skeleton height="100%" radius={0} />
          ) : (
            <Text size="sm" c="dimmed" p="md">
              {t("templates.preview.nothing")}
            </Text>
          )}
        </div>
      ) : (
        <>
          <div className={classes.inbox} data-subject>
            <b>{mail.subject || t("templates.preview.no_subject")}</b>
          </div>
          {seen === "text" ? (
            <pre className={classes.plain} tabIndex={0} aria-label={t("templates.preview.text")}>
              {mail.text}
            </pre>
          ) : (
            <Frame html={seen === "amp" ? mail.amp : mail.html} device={device} scheme={scheme} isWaiting={isWaiting} />
          )}
        </>
      )}
    </>
  );
}

/** The e-mail in a room of its own: no script runs there, and nothing in it can reach the page. */
function Frame({
  html,
  device,
  scheme,
  isWaiting,
}: {
  html: string;
  device: Device;
  scheme: "light" | "dark";
  isWaiting: boolean;
}) {
  const { t } = useTranslation();
  const { ref, width, height } = useElementSize();
  const wanted = inScheme(html, scheme);
  // The page that is seen stays until the next one is there.
  const [pages, setPages] = useState([{ number: 0, html: wanted }]);
  const last = pages.at(-1);
  if (last && last.html !== wanted) setPages([...pages.slice(0, 1), { number: last.number + 1, html: wanted }]);
  const scale = width === 0 ? 1 : Math.min(1, width / WIDTHS[device]);
  const isRecoloured = scheme === "dark" && !knowsDark(html);
  return (
    <>
      <div ref={ref} className={classes.stage} data-stale={isWaiting} data-dark={scheme === "dark"}>
        {pages.map(({ number, html }, at) => (
          <iframe
            key={number}
            sandbox=""
            title={t("templates.preview.title")}
            className={classes.frame}
            srcDoc={html}
            data-shown={at === 0}
            data-recoloured={isRecoloured}
            aria-hidden={at !== 0}
            tabIndex={at === 0 ? 0 : -1}
            style={{
              width: WIDTHS[device],
              height: height / scale,
              marginLeft: (-WIDTHS[device] * scale) / 2,
              transform: `scale(${scale})`,
            }}
            onLoad={() =>
              setPages((held) =>
                held.slice(
                  Math.max(
                    0,
                    held.findIndex((page) => page.number === number),
                  ),
                ),
              )
            }
          />
        ))}
      </div>
      {isRecoloured && <div className={classes.hint}>{t("templates.preview.recoloured")}</div>}
    </>
  );
}

/** As it looks on a phone: a bubble of the messenger, or a note on the locked screen. */
function Phone({
  channel,
  content,
  said,
  isWaiting,
}: {
  channel: TemplateChannel;
  content: Content;
  said: Preview | null;
  isWaiting: boolean;
}) {
  const { t } = useTranslation();
  return (
    <div className={classes.phone}>
      <div className={classes.screen} style={{ opacity: isWaiting && said ? 0.7 : 1 }} aria-live="polite">
        <div className={classes.sender}>{t(`message.channel.${channel}`)}</div>
        {!said ? (
          <Text size="sm" c="dimmed" ta="center">
            {t("templates.preview.nothing")}
          </Text>
        ) : channel === "web_push" ? (
          <div className={classes.push}>
            <b>{said.subject}</b>
            {said.text}
          </div>
        ) : (
          <>
            <div className={classes.bubble} data-channel={channel} data-bubble>
              {said.text}
            </div>
            {content.button && content.url && <div className={classes.bubbleButton}>{content.button}</div>}
          </>
        )}
      </div>
    </div>
  );
}

const SAMPLE = "";

/** As whom the message is looked at: somebody made up, or anybody that a search finds. */
function AsWhom({ profileId, onProfile }: { profileId: string | null; onProfile: (profileId: string | null) => void }) {
  const { t } = useTranslation();
  const [typed, setTyped] = useState("");
  const [opened, setOpened] = useState(false);
  const [picked, setPicked] = useState<{ value: string; label: string } | null>(null);
  const [q] = useDebouncedValue(typed.trim(), 250);
  const people = useQuery(peopleQuery(opened ? q : null));
  const found = (people.data?.profiles ?? []).map(({ profile_id, name, email, phone }) => ({
    value: profile_id,
    label: name ?? email ?? phone ?? t("people.nameless"),
    detail: [name && email, name && phone].filter(Boolean).join(" · "),
  }));
  const details = new Map(found.map(({ value, detail }) => [value, detail]));
  const isKnown = picked === null || found.some(({ value }) => value === picked.value);
  return (
    <Select
      size="xs"
      style={{ flex: "1 1 150px", minWidth: 150 }}
      searchable
      allowDeselect={false}
      clearable={profileId !== null}
      leftSection={<IconUser size={14} aria-hidden />}
      aria-label={t("templates.preview.as")}
      nothingFoundMessage={t("people.empty")}
      comboboxProps={{ width: 300, position: "bottom-start" }}
      data={[
        { value: SAMPLE, label: t("templates.preview.sample") },
        ...(isKnown ? [] : [picked]),
        ...found.map(({ value, label }) => ({ value, label })),
      ]}
      // The server has searched already, by more than the name.
      filter={({ options }) => options}
      searchValue={opened ? typed : undefined}
      onSearchChange={setTyped}
      onDropdownOpen={() => {
        setTyped("");
        setOpened(true);
      }}
      onDropdownClose={() => setOpened(false)}
      value={profileId ?? SAMPLE}
      onChange={(value, option) => {
        setPicked(value && option ? { value, label: option.label } : null);
        onProfile(value || null);
      }}
      renderOption={({ option }) => (
        <div>
          {option.label}
          {details.get(option.value) && (
            <Text size="xs" c="dimmed">
              {details.get(option.value)}
            </Text>
          )}
        </div>
      )}
    />
  );
}

const SEVERITIES = ["error", "warning", "advice"] as const;
const PICTURES = { error: IconCircleX, warning: IconAlertTriangle, advice: IconBulb };

/** What should be mended, the gravest first; each leads to its line. */
function Findings({ findings, onLine }: { findings: Finding[]; onLine: (line: number) => void }) {
  const { t } = useTranslation();
  const sorted = SEVERITIES.flatMap((severity) => findings.filter((finding) => finding.severity === severity));
  return (
    <div style={{ padding: "12px 16px", borderTop: "1px solid var(--fc-line)" }}>
      <Text size="sm" fw={600} mb={2}>
        {t("templates.findings.title")}
      </Text>
      {sorted.length === 0 ? (
        <Text size="sm" c="dimmed" style={{ display: "flex", gap: 6, alignItems: "center" }}>
          <IconCircleCheck size={16} color="var(--fc-good)" aria-hidden />
          {t("templates.findings.none")}
        </Text>
      ) : (
        <ul className={classes.findings}>
          {sorted.map(({ severity, code, message, line }, at) => {
            const Picture = PICTURES[severity];
            return (
              <li key={`${code} ${at}`} className={classes.finding} data-severity={severity}>
                <Picture size={17} role="img" aria-label={t(`templates.severity.${severity}`)} />
                <span>{message}</span>
                {line !== null && <LineLink line={line} onLine={onLine} />}
              </li>
            );
          })}
        </ul>
      )}
    </div>
  );
}

function LineLink({ line, onLine }: { line: number; onLine: (line: number) => void }) {
  const { t } = useTranslation();
  return (
    <Button size="compact-xs" variant="subtle" onClick={() => onLine(line)}>
      {t("templates.line", { line: String(line) })}
    </Button>
  );
}
