import { Button, FileButton, Group, Modal, Stack, Table, Text, TextInput } from "@mantine/core";
import { IconPlus, IconTag } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";
import { useTranslation } from "react-i18next";
import { may } from "../../api/permissions";
import { useMe } from "../../api/session";
import type { Brand } from "../../api/types";
import { Card } from "../../ui/Page";
import { Answer, Empty, RowsSkeleton } from "../../ui/states";
import { toastFailed } from "../../ui/toast";
import { RemoveButton } from "../../ui/RemoveButton";
import { WideTable } from "../../ui/WideTable";
import classes from "./Brands.module.css";
import { EditButton } from "./EditButton";
import { brandsQuery, useRemoveBrand, useSaveBrand } from "./queries";

const LOGO_BYTES_MAX = 100 * 1024;

type Editing = { kind: "none" } | { kind: "new" } | { kind: "brand"; brand: Brand };

/** In whose name messages are sent. */
export function Brands() {
  const { t } = useTranslation();
  const { role } = useMe();
  const brands = useQuery(brandsQuery);
  const [editing, setEditing] = useState<Editing>({ kind: "none" });
  const close = () => setEditing({ kind: "none" });
  const mayEdit = may(role, "edit_definitions");
  const add = mayEdit && (
    <Button size="xs" leftSection={<IconPlus size={15} aria-hidden />} onClick={() => setEditing({ kind: "new" })}>
      {t("settings.brands.add")}
    </Button>
  );
  return (
    <Card title={t("settings.brands.title")} hint={t("settings.brands.hint")} actions={add} flush>
      <Answer query={brands} skeleton={<RowsSkeleton rows={3} />}>
        {({ brands }) =>
          brands.length === 0 ? (
            <Empty icon={IconTag} title={t("settings.brands.empty.title")} hint={t("settings.brands.empty.hint")} />
          ) : (
            <BrandTable
              brands={brands}
              onEdit={mayEdit ? (brand) => setEditing({ kind: "brand", brand }) : undefined}
            />
          )
        }
      </Answer>
      <Modal
        opened={editing.kind !== "none"}
        onClose={close}
        title={editing.kind === "brand" ? editing.brand.name : t("settings.brands.add")}
        centered
      >
        <BrandForm brand={editing.kind === "brand" ? editing.brand : undefined} onSaved={close} />
      </Modal>
    </Card>
  );
}

function BrandTable({ brands, onEdit }: { brands: Brand[]; onEdit?: (brand: Brand) => void }) {
  const { t } = useTranslation();
  const remove = useRemoveBrand();
  return (
    <WideTable label={t("settings.brands.title")} minWidth={600} verticalSpacing={10}>
      <Table.Thead>
        <Table.Tr>
          <Table.Th>{t("settings.brands.name")}</Table.Th>
          <Table.Th>{t("settings.brands.email_from")}</Table.Th>
          <Table.Th>{t("settings.brands.sms_sender")}</Table.Th>
          <Table.Th aria-label={t("settings.actions")} />
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {brands.map((brand) => (
          <Table.Tr key={brand.id}>
            <Table.Td>
              <Group gap="sm" wrap="nowrap">
                {brand.logo ? (
                  <img src={brand.logo} alt="" className={classes.logo} />
                ) : (
                  <IconTag size={20} aria-hidden />
                )}
                <Text size="sm" fw={550}>
                  {brand.name}
                </Text>
              </Group>
            </Table.Td>
            <Table.Td>{brand.email_from || t("ui.none")}</Table.Td>
            <Table.Td>{brand.sms_sender || t("ui.none")}</Table.Td>
            <Table.Td ta="right" className="nowrap">
              {onEdit && (
                <>
                  <EditButton label={t("settings.brands.edit", { name: brand.name })} onClick={() => onEdit(brand)} />
                  <RemoveButton
                    label={t("settings.brands.remove", { name: brand.name })}
                    question={t("settings.brands.remove_question", { name: brand.name })}
                    onRemove={() => remove.mutate(brand.id)}
                  />
                </>
              )}
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </WideTable>
  );
}

function BrandForm({ brand, onSaved }: { brand: Brand | undefined; onSaved: () => void }) {
  const { t } = useTranslation();
  const save = useSaveBrand();
  const [logo, setLogo] = useState(brand?.logo ?? "");
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const fields = new FormData(event.currentTarget);
    const text = (name: string) => String(fields.get(name)).trim();
    const wish = { name: text("name"), email_from: text("email_from"), sms_sender: text("sms_sender"), logo };
    save.mutate({ id: brand?.id, wish }, { onSuccess: onSaved });
  };
  const read = async (file: File | null) => {
    if (!file) return;
    if (LOGO_BYTES_MAX < file.size) return toastFailed(t("settings.brands.logo_too_large"));
    setLogo(await dataUrl(file));
  };
  return (
    <form onSubmit={submit}>
      <Stack gap="md">
        <TextInput
          name="name"
          label={t("settings.brands.name")}
          defaultValue={brand?.name ?? ""}
          maxLength={100}
          required
          data-autofocus
        />
        <TextInput
          name="email_from"
          label={t("settings.brands.email_from")}
          description={t("settings.brands.email_from_hint")}
          defaultValue={brand?.email_from ?? ""}
        />
        <TextInput
          name="sms_sender"
          label={t("settings.brands.sms_sender")}
          description={t("settings.brands.sms_sender_hint")}
          defaultValue={brand?.sms_sender ?? ""}
          maxLength={16}
        />
        <Group gap="sm">
          {logo && <img src={logo} alt="" className={classes.logo} />}
          <FileButton accept="image/png,image/jpeg,image/webp" onChange={(file) => void read(file)}>
            {(props) => (
              <Button {...props} size="xs" variant="default">
                {t("settings.brands.logo")}
              </Button>
            )}
          </FileButton>
          {logo && (
            <Button size="xs" variant="subtle" onClick={() => setLogo("")}>
              {t("ui.remove")}
            </Button>
          )}
        </Group>
        <Button type="submit" loading={save.isPending}>
          {t("ui.save")}
        </Button>
      </Stack>
    </form>
  );
}

function dataUrl(file: File): Promise<string> {
  return new Promise((done, failed) => {
    const reader = new FileReader();
    reader.onload = () => done(String(reader.result));
    reader.onerror = () => failed(reader.error ?? new Error(file.name));
    reader.readAsDataURL(file);
  });
}
