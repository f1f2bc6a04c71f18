import { ActionIcon, Button, Checkbox, Group, Menu, Modal, Stack, Text, TextInput } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconBookmark, IconBookmarkPlus, IconLink, IconPencil, IconTrash, IconUsers } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useRouterState } from "@tanstack/react-router";
import { useState, type FormEvent } from "react";
import { useTranslation } from "react-i18next";
import { useMe } from "../../api/session";
import type { Role, SavedView } from "../../api/types";
import { savablePage } from "../../navigation";
import { toastDone } from "../../ui/toast";
import classes from "./Shell.module.css";
import { useOpenView } from "./openView";
import { useChangeView, useRemoveView, useSaveView, viewsQuery } from "./queries";

const ROLES: Role[] = ["admin", "marketer", "analyst", "operator", "dealer"];

type Editing = { kind: "none" } | { kind: "new" } | { kind: "view"; view: SavedView };

/** What was looked at on this page, to come back to: beside the actions of the pages that keep their state in the address. */
export function SavedViews() {
  const path = useRouterState({ select: (state) => state.location.pathname });
  return savablePage(path) ? <ViewMenu page={path} /> : null;
}

function ViewMenu({ page }: { page: string }) {
  const { t } = useTranslation();
  const [editing, setEditing] = useState<Editing>({ kind: "none" });
  const [managing, manage] = useDisclosure(false);
  const { data } = useQuery(viewsQuery);
  const open = useOpenView();
  const views = (data?.views ?? []).filter((view) => view.page === page);
  const close = () => setEditing({ kind: "none" });
  return (
    <>
      <Menu position="bottom-end" width={260} withinPortal>
        <Menu.Target>
          <Button variant="default" size="xs" px={10} aria-label={t("views.title")}>
            <IconBookmark size={15} aria-hidden />
            <Text inherit span ml={7} visibleFrom="sm">
              {t("views.title")}
            </Text>
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          {views.length === 0 && <Menu.Label>{t("views.empty")}</Menu.Label>}
          {views.map((view) => (
            <Menu.Item
              key={view.id}
              rightSection={view.roles.length !== 0 && <IconUsers size={14} aria-label={t("views.shared")} />}
              onClick={() => open(view)}
            >
              <span className="ellipsis">{view.name}</span>
            </Menu.Item>
          ))}
          <Menu.Divider />
          <Menu.Item
            leftSection={<IconBookmarkPlus size={16} aria-hidden />}
            onClick={() => setEditing({ kind: "new" })}
          >
            {t("views.save")}
          </Menu.Item>
          {views.length !== 0 && (
            <Menu.Item leftSection={<IconPencil size={16} aria-hidden />} onClick={manage.open}>
              {t("views.manage")}
            </Menu.Item>
          )}
        </Menu.Dropdown>
      </Menu>
      <Modal
        opened={editing.kind !== "none"}
        onClose={close}
        title={editing.kind === "view" ? t("views.edit") : t("views.save")}
        centered
      >
        <ViewForm page={page} editing={editing} onSaved={close} />
      </Modal>
      <Modal opened={managing && editing.kind === "none"} onClose={manage.close} title={t("views.manage")} centered>
        <Stack gap={4}>
          {views.map((view) => (
            <ViewRow key={view.id} view={view} onEdit={() => setEditing({ kind: "view", view })} />
          ))}
        </Stack>
      </Modal>
    </>
  );
}

function ViewRow({ view, onEdit }: { view: SavedView; onEdit: () => void }) {
  const { t } = useTranslation();
  const { role } = useMe();
  const remove = useRemoveView();
  const copy = async () => {
    await navigator.clipboard.writeText(viewLink(view.id));
    toastDone(t("views.link_copied"));
  };
  return (
    <div className={classes.view}>
      <div style={{ minWidth: 0 }}>
        <Text size="sm" fw={550} className="ellipsis">
          {view.name}
        </Text>
        <Text size="xs" c="dimmed" className="ellipsis">
          {view.is_mine ? t("views.mine") : view.owner}
          {view.roles.length !== 0 && ` · ${view.roles.map((of) => t(`role.${of}`)).join(", ")}`}
        </Text>
      </div>
      <Group gap={2} wrap="nowrap">
        <ActionIcon
          variant="subtle"
          color="gray"
          c="dimmed"
          aria-label={t("views.copy_link", { name: view.name })}
          onClick={() => void copy()}
        >
          <IconLink size={16} />
        </ActionIcon>
        {view.is_mine && (
          <ActionIcon
            variant="subtle"
            color="gray"
            c="dimmed"
            aria-label={t("views.edit_named", { name: view.name })}
            onClick={onEdit}
          >
            <IconPencil size={16} />
          </ActionIcon>
        )}
        {(view.is_mine || role === "admin") && (
          <ActionIcon
            variant="subtle"
            color="gray"
            c="dimmed"
            aria-label={t("views.remove", { name: view.name })}
            onClick={() => remove.mutate(view.id)}
          >
            <IconTrash size={16} />
          </ActionIcon>
        )}
      </Group>
    </div>
  );
}

function ViewForm({ page, editing, onSaved }: { page: string; editing: Editing; onSaved: () => void }) {
  const { t } = useTranslation();
  const now = useRouterState({ select: (state) => state.location.searchStr.replace(/^\?/, "") });
  const held = editing.kind === "view" ? editing.view : undefined;
  const [roles, setRoles] = useState<string[]>(held?.roles ?? []);
  const [fresh, setFresh] = useState(false);
  const save = useSaveView();
  const change = useChangeView();
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const name = String(new FormData(event.currentTarget).get("name")).trim();
    if (!name) return;
    const circle = ROLES.filter((role) => roles.includes(role));
    if (held) {
      const state = fresh ? now : held.state;
      change.mutate({ id: held.id, page, name, state, roles: circle }, { onSuccess: onSaved });
    } else save.mutate({ page, name, state: now, roles: circle }, { onSuccess: onSaved });
  };
  return (
    <form onSubmit={submit}>
      <Stack gap="md">
        <TextInput
          name="name"
          label={t("views.name")}
          defaultValue={held?.name ?? ""}
          maxLength={100}
          required
          data-autofocus
        />
        <Checkbox.Group label={t("views.roles")} description={t("views.roles_hint")} value={roles} onChange={setRoles}>
          <Group gap="md" mt={8}>
            {ROLES.map((role) => (
              <Checkbox key={role} value={role} label={t(`role.${role}`)} size="sm" />
            ))}
          </Group>
        </Checkbox.Group>
        {held && (
          <Checkbox
            label={t("views.take_current")}
            checked={fresh}
            onChange={(event) => setFresh(event.currentTarget.checked)}
          />
        )}
        <Button type="submit" loading={save.isPending || change.isPending}>
          {t("ui.save")}
        </Button>
      </Stack>
    </form>
  );
}

/** The address that opens the view for everybody who may sign in. */
function viewLink(id: string): string {
  return `${window.location.origin}/views/${id}`;
}
