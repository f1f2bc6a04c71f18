import { Button, Drawer, Group, Select, SimpleGrid, Stack, Text, Textarea, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState, type FormEvent } from "react";
import { useTranslation } from "react-i18next";
import type { LeadToRegister } from "../../api/leads";
import { dealersQuery } from "../../lead/queries";
import { useRegister } from "./queries";

const FIELDS = ["name", "phone", "email", "model", "brand", "region", "postcode", "language", "campaign"] as const;
const COMMENT_CHARS_MAX = 2_000;

/** Somebody called, or came in: who, what they would like, and where. */
export function RegisterDrawer({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const { t } = useTranslation();
  return (
    <Drawer opened={opened} onClose={onClose} position="right" size="md" title={t("leads.register.title")}>
      {opened && <RegisterForm onClose={onClose} />}
    </Drawer>
  );
}

function RegisterForm({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const dealers = useQuery(dealersQuery).data?.dealers ?? [];
  const [dealerId, setDealerId] = useState<string | null>(null);
  const [error, setError] = useState("");
  const register = useRegister((leadId) => void navigate({ to: "/leads/$leadId", params: { leadId } }));
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const told = new FormData(event.currentTarget);
    const text = (name: string) => String(told.get(name) ?? "").trim();
    if (!text("phone") && !text("email")) return setError(t("leads.register.no_way"));
    const lead: LeadToRegister = { channel: "offline" };
    for (const field of FIELDS) if (text(field)) lead[field] = text(field);
    if (text("comments")) lead.comments = text("comments");
    if (dealerId) lead.dealer_id = dealerId;
    register.mutate(lead);
  };
  return (
    <form onSubmit={submit} noValidate>
      <Stack gap="sm">
        <Text size="sm" c="dimmed">
          {t("leads.register.hint")}
        </Text>
        <TextInput name="name" label={t("leads.field.name")} autoComplete="off" data-autofocus />
        <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="sm">
          <TextInput
            name="phone"
            type="tel"
            label={t("leads.field.phone")}
            error={error || undefined}
            onChange={() => setError("")}
          />
          <TextInput name="email" type="email" label={t("leads.field.email")} onChange={() => setError("")} />
          <TextInput name="model" label={t("leads.field.model")} />
          <TextInput name="brand" label={t("leads.field.brand")} />
          <TextInput name="region" label={t("leads.field.region")} />
          <TextInput name="postcode" label={t("leads.field.postcode")} />
          <TextInput
            name="language"
            label={t("leads.field.language")}
            placeholder={t("leads.field.language_example")}
          />
          <TextInput name="campaign" label={t("leads.field.campaign")} />
        </SimpleGrid>
        <Select
          clearable
          searchable
          label={t("leads.field.dealer")}
          data={dealers.map(({ dealer_id, name }) => ({ value: dealer_id, label: name }))}
          value={dealerId}
          onChange={setDealerId}
        />
        <Textarea
          name="comments"
          autosize
          minRows={3}
          maxRows={8}
          maxLength={COMMENT_CHARS_MAX}
          label={t("leads.field.comments")}
        />
        <Group gap="xs" justify="flex-end" mt="xs">
          <Button variant="default" onClick={onClose}>
            {t("ui.cancel")}
          </Button>
          <Button type="submit" loading={register.isPending}>
            {t("leads.register.save")}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
