import { ActionIcon, Button, NumberInput, Slider, Text, TextInput, Tooltip } from "@mantine/core";
import { IconArrowsSplit2, IconEqual, IconTrash } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { newKey, newStep } from "../../message/chain";
import { ChainEditor } from "../../message/ChainEditor";
import { useFormat } from "../../ui/FormatContext";
import { usePalette } from "../../ui/palette";
import classes from "./Builder.module.css";
import { freeName, sharesOf, VARIANTS_MAX, withShares, type Draft, type Problem, type VariantDraft } from "./draft";
import { evenly, withHoldout, withoutVariant, withShare, withVariant } from "./shares";

const VARIANT_CHARS_MAX = 40;

/** What is said: one chain of messages, or several that are tried against each other. */
export function Variants({
  draft,
  told,
  onChange,
}: {
  draft: Draft;
  told: (problem: Problem) => string | undefined;
  onChange: (draft: Draft) => void;
}) {
  const { t } = useTranslation();
  const { variants } = draft;
  const shares = sharesOf(draft);
  const [only] = variants;
  const setVariant = (at: number, variant: VariantDraft) =>
    onChange({ ...draft, variants: variants.with(at, variant) });
  const add = () => {
    // The new one says the same until somebody changes it.
    const chain = (variants.at(-1)?.chain ?? [newStep()]).map((step) => ({ ...step, key: newKey() }));
    const variant = { key: newKey(), name: freeName(variants), share: 0, chain };
    onChange(withShares({ ...draft, variants: [...variants, variant] }, withVariant(shares)));
  };
  const remove = (at: number) =>
    onChange(withShares({ ...draft, variants: variants.toSpliced(at, 1) }, withoutVariant(shares, at)));
  const isTest = 1 < variants.length;
  return (
    <>
      {isTest && <ShareBar draft={draft} />}
      {!isTest && only ? (
        <ChainEditor chain={only.chain} told={told} onChange={(chain) => setVariant(0, { ...only, chain })} />
      ) : (
        variants.map((variant, at) => (
          <section
            key={variant.key}
            className={classes.variant}
            aria-label={t("broadcasts.variant", { name: variant.name })}
          >
            <div className={classes.variantHead}>
              <TextInput
                size="xs"
                w={120}
                maxLength={VARIANT_CHARS_MAX}
                aria-label={t("broadcasts.field.variant")}
                value={variant.name}
                error={Boolean(told("variant_name"))}
                onChange={(event) => setVariant(at, { ...variant, name: event.currentTarget.value })}
              />
              <ShareFields
                label={t("broadcasts.field.share", { name: variant.name })}
                share={variant.share}
                onChange={(to) => onChange(withShares(draft, withShare(shares, at, to)))}
              />
              <Tooltip label={t("broadcasts.variant_remove", { name: variant.name })}>
                <ActionIcon
                  variant="subtle"
                  color="gray"
                  c="dimmed"
                  aria-label={t("broadcasts.variant_remove", { name: variant.name })}
                  onClick={() => remove(at)}
                >
                  <IconTrash size={16} />
                </ActionIcon>
              </Tooltip>
            </div>
            <ChainEditor
              chain={variant.chain}
              told={told}
              onChange={(chain) => setVariant(at, { ...variant, chain })}
            />
          </section>
        ))
      )}
      {told("variant_name") && (
        <Text size="xs" c="var(--fc-bad)" mt={4}>
          {told("variant_name")}
        </Text>
      )}
      <div className={classes.adds}>
        {variants.length < VARIANTS_MAX && (
          <Button
            size="compact-sm"
            variant="subtle"
            leftSection={<IconArrowsSplit2 size={15} aria-hidden />}
            onClick={add}
          >
            {t(isTest ? "broadcasts.variant_add" : "broadcasts.variant_first")}
          </Button>
        )}
        {isTest && (
          <Button
            size="compact-sm"
            variant="subtle"
            leftSection={<IconEqual size={15} aria-hidden />}
            onClick={() => onChange(withShares(draft, evenly(shares)))}
          >
            {t("broadcasts.evenly")}
          </Button>
        )}
      </div>
      <div className={classes.holdout}>
        <span>{t("broadcasts.holdout_for")}</span>
        <ShareFields
          label={t("broadcasts.field.holdout")}
          share={draft.holdout}
          most={500}
          onChange={(to) => onChange(withShares(draft, withHoldout(shares, to)))}
        />
      </div>
      <Text size="xs" c="dimmed" mt={4}>
        {t("broadcasts.holdout_hint")}
      </Text>
    </>
  );
}

/** A share in percent, to be pulled or typed. */
function ShareFields({
  label,
  share,
  most = 1000,
  onChange,
}: {
  label: string;
  share: number;
  most?: number;
  onChange: (share: number) => void;
}) {
  return (
    <div className={classes.share}>
      <Slider
        style={{ flex: 1, minWidth: 90 }}
        size={5}
        min={0}
        max={most}
        step={10}
        label={null}
        thumbLabel={label}
        value={share}
        onChange={onChange}
      />
      <NumberInput
        size="xs"
        w={78}
        min={0}
        max={most / 10}
        step={1}
        decimalScale={1}
        suffix=" %"
        aria-label={label}
        value={share / 10}
        onChange={(value) => {
          // Typing comes here too, with what is typed so far.
          const next = Math.round(Number(value) * 10);
          if (Number.isFinite(next) && next !== share) onChange(next);
        }}
      />
    </div>
  );
}

/** How people are shared out; the figures stand beside their names. */
function ShareBar({ draft }: { draft: Draft }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { series } = usePalette();
  const parts = [
    ...draft.variants.map(({ key, name, share }, at) => ({
      key: String(key),
      name,
      share,
      color: series[at % series.length],
    })),
    { key: "holdout", name: t("broadcasts.left_out"), share: draft.holdout, color: "var(--fc-track)" },
  ].filter(({ share }) => 0 < share);
  return (
    <div className={classes.shareBar} aria-hidden>
      {parts.map(({ key, name, share, color }) => (
        <div key={key} style={{ flexGrow: share }}>
          <div style={{ background: color }} />
          <span>
            {name} {format.percent(share / 1000)}
          </span>
        </div>
      ))}
    </div>
  );
}
